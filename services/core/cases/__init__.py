"""Reports and appeals, and what moderators decide about them, whatever they are about.

A service keeps the cases of what is its own (decisions 0069 and 0076), and says of it only what nobody else knows: who
may report it, what it is to hide it, and how moderators see it.

    class Report(ReportTable, Base):                                              # models.py
        about: Mapped[UUID] = mapped_column("wave", primary_key=True)

    class Case(AppealTable, Base):
        about: Mapped[UUID] = mapped_column("wave", unique=True)
        __table_args__ = case_args("hidden", "dismissed", "restored")

    class CaseRepository(AppealRepository[Case]):                                 # repository.py
        model_type = Case

    class Moderating(AppealCases[Case, Wave, WaveCase]): …                        # service.py

    CONTROLLERS = [report_controller(WIRE), case_controller(WIRE), …]              # controllers.py

    parts=lambda expressions: {"cases": expressions.moderating}                   # plugin.py

Whoever changes a case holds what it is about first, then the case.

A service whose texts are filtered keeps the filters as well (`FilterTable`), and has a `Rounds` (`rounds.py`) hold what
was written before a filter against it. Whoever writes takes `FilterRepository.share()` before any other lock.
"""

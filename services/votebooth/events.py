"""Events of others that VoteBooth handles beside those of polls (`poll/definition.py`)."""

from typing import ClassVar

from services.core.people import PersonChanged


class ProfileChanged(PersonChanged, frozen=True, kw_only=True):
    """Profiles: somebody is new or different to others."""

    KIND: ClassVar[str] = "profiles.profile.changed"

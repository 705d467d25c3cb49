"""What an account is given of what is kept here."""

from uuid import UUID

from sqlalchemy import literal, select

from services.core.images.exporting import image_part
from services.core.images.shapes import PICTURE
from services.core.personal import Part
from services.expressions.models import Image, Reaction, Report, Wave


def exported(account: UUID) -> list[Part]:
    """Return what an account is given of what is kept here."""
    waves = select(
        Wave.id, Wave.text, Wave.images, Wave.visibility, Wave.poll, Wave.ripple_of, Wave.created_at, Wave.edited_at
    ).where(Wave.author == account)
    reactions = select(Reaction.wave, Reaction.kind, Reaction.emoji, Reaction.at).where(Reaction.account == account)
    reports = select(Report.about.label("wave"), Report.reason, Report.note, Report.at).where(
        Report.reporter == account
    )
    return [
        Part("waves", waves, Wave.id),
        Part("reactions", reactions, Reaction.ordinal),
        Part("wave_reports", reports, Report.about),
        image_part(Image, account, literal(PICTURE.largest)),
    ]

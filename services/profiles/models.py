"""Tables of Profiles."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Text, false, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.core.data.models import ServiceBase
from services.core.images.tables import ImageColumns, address


class Base(ServiceBase):
    """This service's tables."""

    __abstract__ = True


class Profile(Base):
    """A user's profile; its key is the account's id.

    Attributes:
        handle_key: The handle as it is compared, so that two handles never look alike; of a deleted account, its id.
        avatar_image: Which `Image` is the picture of the person; so `banner_image`, above the profile.
        language: What the person wants to be spoken to in, a tag of BCP 47; None if they haven't said. It is theirs
            alone to see.
        deleted: The account is gone. The row stays for some days, so that nobody who asks has a new one made.
    """

    __tablename__ = "profile"
    account: Mapped[UUID] = mapped_column("account_id", primary_key=True)
    handle: Mapped[str] = mapped_column(Text)
    handle_key: Mapped[str] = mapped_column(Text, unique=True)
    display_name: Mapped[str] = mapped_column(Text, server_default="")
    bio: Mapped[str] = mapped_column(Text, server_default="")
    links: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    avatar_image: Mapped[UUID | None]
    banner_image: Mapped[UUID | None]
    private: Mapped[bool] = mapped_column(server_default=false())
    language: Mapped[str | None] = mapped_column(Text)
    deleted: Mapped[bool] = mapped_column(server_default=false())
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    @property
    def avatar(self) -> str | None:
        """Return the address of the person's picture."""
        return address("profiles", self.avatar_image, "256")

    @property
    def banner(self) -> str | None:
        """Return the address of the wide picture."""
        return address("profiles", self.banner_image, "1200")


class Image(ImageColumns, Base):
    """An image that a user has uploaded."""

    __tablename__ = "image"

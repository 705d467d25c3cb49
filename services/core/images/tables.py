"""What a service writes down of its images."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Boolean, Index, Text, column, false, func
from sqlalchemy.orm import Mapped, declared_attr, mapped_column


class State(StrEnum):
    """How far an image has come."""

    BEGUN = "begun"
    TAKEN = "taken"
    MADE = "made"
    USED = "used"
    GONE = "gone"


class ImageColumns:
    """An image, from the permission to upload it until its files are deleted.

    Attributes:
        id: Random, all of it, since whoever knows it can see the image.
        state: A `State`: it may be uploaded; its sizes are being made; they are, and nothing shows it yet; something
            shows it; nothing shows it any more.
        width: Of its largest size, once it is made; so the height.
        bytes: What all its sizes take, written down before they are stored; 0 for those made before this was counted,
            until `Images.weigh` comes by.
        due: When what isn't needed of its files is deleted (again, since an upload's URL holds for a while); null for
            an image that is used and has nothing left of its upload.
        swept: Its files were deleted, and its upload's URL may hold still.
    """

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    account: Mapped[UUID] = mapped_column("account_id", index=True)
    state: Mapped[str] = mapped_column(Text)
    width: Mapped[int] = mapped_column(server_default="0")
    height: Mapped[int] = mapped_column(server_default="0")
    bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    due: Mapped[datetime | None]
    swept: Mapped[bool] = mapped_column(server_default=false())
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Index, ...]:
        """Return the indexes by which is found what is to be deleted."""
        dropped = (column("state") == State.GONE.value) & ~column("swept", Boolean)
        return (Index("ix_image_due", "due"), Index("ix_image_dropped", "id", postgresql_where=dropped))


def address(service: str, image: UUID | None, name: str) -> str | None:
    """Return the address of one size of an image, from this API's root on; None for no image."""
    return None if image is None else f"/v1/{service}/images/{image}/{name}.webp"

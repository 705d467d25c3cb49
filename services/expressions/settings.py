"""Settings of Expressions."""

from typing import Annotated

from msgspec import Meta, Struct


class ExpressionsSettings(Struct, frozen=True, kw_only=True):
    """What an operator may set."""

    megabytes_per_account: Annotated[
        int, Meta(description="What an account's Waves may take, earlier versions included.", ge=1, le=1_000_000)
    ] = 50
    images_per_account: Annotated[
        int, Meta(description="Images that an account's Waves may show.", ge=1, le=1_000_000)
    ] = 2_000
    image_megabytes_per_account: Annotated[
        int, Meta(description="What an account's images may take in all their sizes.", ge=1, le=1_000_000)
    ] = 500
    reactions_per_account: Annotated[
        int, Meta(description="Reactions of an account that stand at a time.", ge=1, le=1_000_000_000)
    ] = 200_000
    idempotency_hours: Annotated[
        int, Meta(description="Hours that an Idempotency-Key is remembered.", ge=1, le=720)
    ] = 24

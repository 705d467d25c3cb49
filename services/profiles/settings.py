"""Settings of Profiles."""

from typing import Annotated

from msgspec import Meta, Struct


class ProfilesSettings(Struct, frozen=True, kw_only=True):
    """What an operator may set."""

    image_megabytes_per_account: Annotated[
        int, Meta(description="What an account's avatar and banner may take, with those that wait.", ge=1, le=1_000_000)
    ] = 20

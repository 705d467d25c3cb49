"""Settings of Messaging."""

from typing import Annotated

from msgspec import Meta

from services.core.live.settings import LiveSettings


class MessagingSettings(LiveSettings, frozen=True, kw_only=True):
    """What an operator may set."""

    megabytes_per_account: Annotated[
        int, Meta(description="What an account's messages may take, earlier versions included.", ge=1, le=1_000_000)
    ] = 100
    attached_megabytes_per_account: Annotated[
        int, Meta(description="What the pictures and files of an account's messages may take.", ge=1, le=1_000_000)
    ] = 500
    groups_per_account: Annotated[int, Meta(description="Groups that an account may own.", ge=1, le=100_000)] = 500
    requests_per_account: Annotated[
        int, Meta(description="Requests to strangers that an account may have waiting.", ge=1, le=100_000)
    ] = 50
    edit_minutes: Annotated[
        int, Meta(description="Minutes in which a message can be edited by its sender.", ge=0, le=1_000_000)
    ] = 1_440

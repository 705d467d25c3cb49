"""Settings of Notifications."""

from typing import Annotated

from msgspec import Meta, Struct


class NotificationsSettings(Struct, frozen=True, kw_only=True):
    """What an operator may set."""

    kept_per_account: Annotated[
        int, Meta(description="Notifications that are kept for an account, the newest.", ge=10, le=100_000)
    ] = 1_000
    kept_days: Annotated[
        int, Meta(description="Days after its latest event that a notification is kept.", ge=1, le=3_650)
    ] = 90
    watched_polls_per_account: Annotated[
        int, Meta(description="Polls that an account may watch at a time.", ge=1, le=1_000_000)
    ] = 1_000

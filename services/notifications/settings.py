"""Settings of Notifications."""

from typing import Annotated

from msgspec import Meta

from services.core.live.settings import LiveSettings


class NotificationsSettings(LiveSettings, frozen=True, kw_only=True):
    """What an operator may set."""

    kept_per_account: Annotated[
        int, Meta(description="Notifications that are kept for an account, the newest.", ge=10, le=100_000)
    ] = 1_000
    kept_days: Annotated[
        int, Meta(description="Days after its latest event that a notification is kept.", ge=1, le=3_650)
    ] = 90
    mails_per_second: Annotated[
        int,
        Meta(description="Mails that all instances together send in a second: the sender's quota.", ge=1, le=10_000),
    ] = 10
    watched_polls_per_account: Annotated[
        int, Meta(description="Polls that an account may watch at a time.", ge=1, le=1_000_000)
    ] = 1_000
    push_contact: Annotated[
        str,
        Meta(
            description="Whom services that carry web push may write to about it: a `mailto:` or `https:` URL. By "
            "default it is the address that mail is from.",
            max_length=300,
        ),
    ] = ""
    devices_per_account: Annotated[
        int, Meta(description="Browsers of an account that are told by web push.", ge=1, le=100)
    ] = 10

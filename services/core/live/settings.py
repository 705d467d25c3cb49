"""Settings of every service that has live streams."""

from typing import Annotated

from msgspec import Meta, Struct


class LiveSettings(Struct, frozen=True):
    """What live connections may take of a process."""

    live_connections: Annotated[
        int, Meta(description="Live connections (WebSocket and SSE) of a process at most.", ge=0, le=100_000)
    ] = 5_000
    live_per_account: Annotated[
        int, Meta(description="Live connections of one account or guest at most, in a process.", ge=1, le=100_000)
    ] = 50
    live_per_address: Annotated[
        int,
        Meta(
            description="Live connections from one address (IPv6: /64) at most, in a process; audiences may share one.",
            ge=1,
            le=100_000,
        ),
    ] = 2_000
    live_seconds: Annotated[
        int, Meta(description="Seconds after which a live connection has to be opened anew.", ge=1, le=86_400)
    ] = 900

"""Settings of Polls."""

from typing import Annotated

from msgspec import Meta, Struct


class PollsSettings(Struct, frozen=True, kw_only=True):
    """What an operator may set."""

    cache_seconds: Annotated[
        int, Meta(description="Seconds that a version of a public poll stays in Redis; 0 caches none.", ge=0, le=86400)
    ] = 3600
    idempotency_hours: Annotated[
        int, Meta(description="Hours that an Idempotency-Key is remembered.", ge=1, le=720)
    ] = 24

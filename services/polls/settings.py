"""Settings of Polls."""

from typing import Annotated

from msgspec import Meta, Struct


class PollsSettings(Struct, frozen=True, kw_only=True):
    """What an operator may set."""

    cache_bytes: Annotated[
        int, Meta(description="Bytes of public polls that a process keeps at hand; 0 keeps none.", ge=0, le=2**32)
    ] = 16_000_000
    drafts_per_account: Annotated[
        int, Meta(description="Drafts that an account may have at a time.", ge=1, le=1_000_000)
    ] = 500
    polls_per_account: Annotated[
        int, Meta(description="Polls that an account may have, drafts included.", ge=1, le=1_000_000)
    ] = 5_000
    megabytes_per_account: Annotated[
        int,
        Meta(
            description="What an account's polls may take in the database, as it is stored there.", ge=1, le=1_000_000
        ),
    ] = 100
    log_kilobytes_per_poll: Annotated[
        int,
        Meta(
            description="What a poll's log may take in the database before it can't be edited any more.",
            ge=1,
            le=1_000_000,
        ),
    ] = 500
    confirm_seconds: Annotated[
        float,
        Meta(
            description="Seconds that a close, a deletion or a change of times waits for VoteBooth to know of it, "
            "before it is answered with 202.",
            ge=0.1,
            le=10,
        ),
    ] = 1.0
    idempotency_hours: Annotated[
        int, Meta(description="Hours that an Idempotency-Key is remembered.", ge=1, le=720)
    ] = 24

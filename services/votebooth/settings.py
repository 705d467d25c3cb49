"""VoteBooth's settings."""

from typing import Annotated

from msgspec import Meta, Struct


class VoteBoothSettings(Struct, frozen=True, kw_only=True):
    """How many ballots may wait, and how many are written at once."""

    queue: Annotated[
        int,
        Meta(description="Ballots that may wait to be written; more are answered 503.", ge=1, le=1_000_000),
    ] = 5_000
    batch: Annotated[int, Meta(description="Ballots in one transaction at most.", ge=1, le=10_000)] = 512

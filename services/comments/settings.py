"""Settings of Comments."""

from typing import Annotated

from msgspec import Meta, Struct


class CommentsSettings(Struct, frozen=True, kw_only=True):
    """What an operator may set."""

    edit_minutes: Annotated[
        int, Meta(description="Minutes in which a comment can be edited by its author.", ge=0, le=100_000)
    ] = 60
    followed_threads_per_account: Annotated[
        int, Meta(description="Threads that an account may follow at a time.", ge=1, le=1_000_000)
    ] = 2_000

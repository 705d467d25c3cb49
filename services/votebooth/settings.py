"""VoteBooth's settings."""

from typing import Annotated

from msgspec import Meta

from services.core.live.settings import LiveSettings


class VoteBoothSettings(LiveSettings, frozen=True, kw_only=True):
    """How many ballots may wait, how many are written at once, how many may watch, how many are invited."""

    queue: Annotated[
        int,
        Meta(description="Ballots that may wait to be written; more are answered 503.", ge=1, le=1_000_000),
    ] = 5_000
    batch: Annotated[int, Meta(description="Ballots in one transaction at most.", ge=1, le=10_000)] = 512
    invitations_per_day: Annotated[
        int,
        Meta(
            description="Invitations by mail that one account may send in 24 hours, in all its polls.", ge=1, le=10**7
        ),
    ] = 500
    invitations_per_network: Annotated[
        int,
        Meta(
            description="Invitations that accounts of one network (an IPv4 address, an IPv6 /64) send in 24 hours.",
            ge=1,
            le=10**7,
        ),
    ] = 5_000
    invitations_per_address: Annotated[
        int,
        Meta(
            description="Invitations that one address is mailed in 24 hours, whoever sends them; more have to wait.",
            ge=1,
            le=10_000,
        ),
    ] = 20
    tokens_per_poll: Annotated[int, Meta(description="Voting tokens that a poll may have.", ge=1, le=10**8)] = 200_000
    rooms_per_account: Annotated[int, Meta(description="Rooms of one account that hold a code.", ge=1, le=100_000)] = 50
    room_audience: Annotated[int, Meta(description="How many may come into a room.", ge=1, le=10**6)] = 10_000
    room_code_days: Annotated[
        int,
        Meta(
            description="Days after which a room that was left alone ends, and then loses its code.",
            ge=1,
            le=3_650,
        ),
    ] = 30
    questions_per_room: Annotated[int, Meta(description="Questions that a room may have.", ge=1, le=10_000)] = 500
    questions_per_person: Annotated[
        int, Meta(description="Questions that one person may have in a room.", ge=1, le=10_000)
    ] = 20

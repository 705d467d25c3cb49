"""VoteBooth's use cases, each made by one of the parts below."""

from services.core.kit import Kit
from services.votebooth.projection import Projection
from services.votebooth.settings import VoteBoothSettings


class VoteBooth:
    """What can be done with ballots.

    Attributes:
        projection: Polls' rules.
    """

    def __init__(self, kit: Kit[VoteBoothSettings]) -> None:
        self.kit = kit
        self.projection = Projection(kit)

    async def start(self) -> None:
        """Nothing runs in the background."""

    async def stop(self) -> None:
        """Nothing runs in the background."""

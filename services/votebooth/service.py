"""VoteBooth's use cases, each made by one of the parts below."""

from services.core.kit import Kit
from services.votebooth.live.hub import Hub
from services.votebooth.projection import Projection
from services.votebooth.results.service import Results
from services.votebooth.results.viewers import Viewers
from services.votebooth.settings import VoteBoothSettings


class VoteBooth:
    """What can be done with ballots.

    Attributes:
        projection: Polls' rules.
        results: What the ballots add up to, for those who may see it.
        viewers: Recognises voters among those who look.
        hub: Live connections.
    """

    def __init__(self, kit: Kit[VoteBoothSettings]) -> None:
        self.kit = kit
        self.projection = Projection(kit)
        self.results = Results(kit, self.projection)
        self.viewers = Viewers(kit, self.projection)
        self.hub = Hub(kit, self.results)

    async def start(self) -> None:
        """Begin to look after live connections."""
        await self.hub.start()

    async def stop(self) -> None:
        """End live connections."""
        await self.hub.stop()

"""VoteBooth's use cases, each made by one of the parts below."""

from services.core.kit import Kit
from services.votebooth.audit.service import Log
from services.votebooth.ballots import Ballots
from services.votebooth.booth import Booth
from services.votebooth.credentials import Credentials
from services.votebooth.exchange.service import Exchange
from services.votebooth.live.hub import Hub
from services.votebooth.projection import Projection
from services.votebooth.results.recounts import Recounts
from services.votebooth.results.service import Results
from services.votebooth.results.viewers import Viewers
from services.votebooth.roll import Roll
from services.votebooth.settings import VoteBoothSettings


class VoteBooth:
    """What can be done with ballots.

    Attributes:
        projection: Polls' rules.
        booth: Where ballots wait for the next transaction.
        ballots: What voters do.
        credentials: Voting tokens.
        roll: Invited addresses.
        results: What the ballots add up to, for those who may see it.
        viewers: Recognises voters among those who look.
        hub: Live connections.
        exchange: Ballots leaving and entering as files.
        log: What was done to polls.
        recounts: The periodic recount.
    """

    def __init__(self, kit: Kit[VoteBoothSettings]) -> None:
        self.kit = kit
        self.projection = Projection(kit)
        self.booth = Booth(kit, self.projection)
        self.ballots = Ballots(kit, self.projection, self.booth)
        self.credentials = Credentials(kit, self.projection)
        self.roll = Roll(kit, self.credentials, self.booth)
        self.results = Results(kit, self.projection)
        self.viewers = Viewers(kit, self.projection)
        self.hub = Hub(kit, self.results)
        self.exchange = Exchange(kit, self.results)
        self.log = Log(kit, self.projection)
        self.recounts = Recounts(kit)

    async def start(self) -> None:
        """Open the booth and begin to look after live connections."""
        await self.booth.start()
        await self.hub.start()

    async def stop(self) -> None:
        """End live connections; write the ballots that wait."""
        await self.hub.stop()
        await self.booth.stop()

"""VoteBooth put together: each part is given the parts that it needs, and no part knows the whole."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.core import circles
from services.core.circles import Earlier
from services.core.kit import Kit
from services.core.live.hub import Hub
from services.core.people import People
from services.core.service import UseCases
from services.votebooth.audit.service import Log
from services.votebooth.cards.service import Cards
from services.votebooth.casting.booth import Booth
from services.votebooth.casting.service import Ballots
from services.votebooth.events import AccountDeleted, DraftDeleted, FollowChanged, ProfileChanged
from services.votebooth.exchange.service import Exchange
from services.votebooth.live.source import PollSource
from services.votebooth.models import EarlierFollows, Follow, Person
from services.votebooth.poll import erasing as ballots_erasing
from services.votebooth.poll.audience import Audience
from services.votebooth.poll.definition import PollNews
from services.votebooth.poll.projection import Projection
from services.votebooth.poll.question_lock import QuestionLock
from services.votebooth.poll.reminding import Reminding
from services.votebooth.poll.repository import forget_draft
from services.votebooth.poll.voters import HASH_KEY, Keyring
from services.votebooth.recount.periodic import PeriodicRecount
from services.votebooth.results.receipts import Receipts
from services.votebooth.results.service import Results
from services.votebooth.results.viewers import Viewers
from services.votebooth.roll.preparing import OwnPolls
from services.votebooth.roll.reminders import RollReminders
from services.votebooth.roll.service import Roll
from services.votebooth.roll.tokens import VotingTokens
from services.votebooth.rooms import erasing as rooms_erasing
from services.votebooth.rooms.live import RoomSource
from services.votebooth.rooms.service import Rooms
from services.votebooth.settings import VoteBoothSettings


class VoteBooth(UseCases[VoteBoothSettings]):
    """What can be done with ballots.

    Attributes:
        people: Who acted, for the log.
        projection: Polls' rules.
        question_lock: Holds ballots back while a poll's question changes.
        audience: Who may know of polls for followers.
        earlier: Who followed whom before this service listened.
        keyring: Makes voters' keys.
        booth: Where ballots wait for the next transaction.
        ballots: What voters do.
        reminding: Whom others may remind of a poll.
        tokens: Voting tokens.
        roll: Invited addresses.
        roll_reminders: Tells these that voting ends soon.
        receipts: Which ballots are counted.
        results: What the ballots add up to, for those who may see it.
        cards: Many polls at a glance.
        viewers: Recognises voters among those who look.
        hub: Live connections.
        exchange: Ballots leaving and entering as files.
        log: What was done to polls.
        rooms: People who vote together.
        periodic_recount: The periodic recount.
    """

    def __init__(self, kit: Kit[VoteBoothSettings]) -> None:
        super().__init__(kit)
        self.people = People(kit, Person, ProfileChanged)
        self.projection = Projection(kit)
        self.question_lock = QuestionLock(kit, self.projection)
        self.earlier = Earlier(kit, FollowChanged, Follow, EarlierFollows)
        self.keyring = Keyring()
        self.booth = Booth(kit, self.projection, self.keyring)
        self.audience = Audience(kit)
        self.reminding = Reminding(kit, self.projection, self.audience)
        self.ballots = Ballots(kit, self.projection, self.question_lock, self.audience, self.keyring, self.booth)
        own_polls = OwnPolls(kit, self.projection, self.audience)
        self.tokens = VotingTokens(kit, own_polls)
        self.roll_reminders = RollReminders(kit, self.keyring)
        self.roll = Roll(kit, self.projection, own_polls, self.keyring, self.roll_reminders)
        self.results = Results(kit, self.projection, self.audience, self.keyring)
        self.receipts = Receipts(kit, self.results)
        self.cards = Cards(kit, self.projection, self.results, self.keyring)
        self.viewers = Viewers(self.projection, self.keyring)
        self.exchange = Exchange(kit, self.results)
        self.log = Log(kit, self.projection, self.people)
        self.rooms = Rooms(kit, self.projection, self.audience, self.people)
        room_streams = RoomSource(self.rooms.doors, self.rooms.reading)
        self.hub = Hub(kit, [PollSource(self.results, self.viewers), room_streams])
        self.periodic_recount = PeriodicRecount(kit)

    async def on_poll_changed(self, session: AsyncSession, event: PollNews) -> None:
        """Keep the poll's rules, unless newer ones are known."""
        await self.projection.hear(session, event)

    async def on_draft_deleted(self, session: AsyncSession, event: DraftDeleted) -> None:
        """Drop what was prepared for it."""
        await forget_draft(session, event.poll)

    async def erase(self, session: AsyncSession, gone: AccountDeleted) -> bool:
        """Unlink or erase some of what there is of a deleted account."""
        more = await ballots_erasing.erase(session, gone.account)
        more = await rooms_erasing.erase(session, gone.account) or more
        if not more:
            await circles.forget(session, gone.account, Follow)
        return more

    async def start(self) -> None:
        """Open the booth and begin to look after live connections."""
        self.keyring.open(await self.kit.secret(HASH_KEY))
        await self.booth.start()
        await self.hub.start()

    async def stop(self) -> None:
        """End live connections; write the ballots that wait."""
        await self.hub.stop()
        await self.cards.stop()
        await self.booth.stop()

"""The contestants of `bench messages`, two instances of each, and the devices that read from them."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import aiohttp
import msgspec

from loadtests.benchmark.errors import BenchError
from loadtests.benchmark.place import Place
from loadtests.benchmark.processes import Server, free_port
from loadtests.peers import chat as plain

MEMBERS = 4
"""Of each conversation."""

_TRIES = 10


class Letter(NamedTuple):
    """A message to be sent."""

    number: int
    conversation: UUID
    sender: UUID

    @property
    def body(self) -> dict[str, str]:
        """What is sent."""
        return {"client_id": str(self.number), "text": f"This is message {self.number:,}, and it says little."}


class People:
    """Who converses with whom.

    Attributes:
        of: The members of each conversation.
        conversations: Those of each account.
    """

    def __init__(self, of: Mapping[UUID, Sequence[UUID]]) -> None:
        self.of = of
        self.conversations: defaultdict[UUID, list[UUID]] = defaultdict(list)
        for conversation, members in of.items():
            for member in members:
                self.conversations[member].append(conversation)

    @property
    def accounts(self) -> list[UUID]:
        """All of them."""
        return list(self.conversations)


class Clock:
    """When messages were sent, and how long after that devices had them.

    Attributes:
        sent: Of each message, by its client id, when it was sent first.
        took_ms: Of each message and device.
    """

    def __init__(self) -> None:
        self.sent: dict[str, float] = {}
        self.took_ms: list[float] = []

    def came(self, client_id: str) -> None:
        """Note that a device has a message."""
        self.took_ms.append((time.perf_counter() - self.sent[client_id]) * 1_000)


class Device(ABC):
    """Something that somebody reads on, as far as all contestants have it.

    Attributes:
        account: Whose.
        order: What came, in which order: of each conversation, a message's position and its id.
        wrong: What went wrong, if something did.
    """

    def __init__(self, account: UUID, clock: Clock, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.account = account
        self.order: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        self.wrong = ""
        self.clock = clock
        self.socket = socket
        self.is_open = asyncio.Event()
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        async for frame in self.socket:
            self.take(msgspec.json.decode(frame.data))
            if self.wrong:
                break
        self.wrong = self.wrong or "the server has hung up"
        self.is_open.set()

    @abstractmethod
    def take(self, message: Any) -> None:
        """Take what the server says."""

    async def opened(self) -> None:
        """Wait until it follows all that it wants.

        Raises:
            BenchError: It can't.
        """
        async with asyncio.timeout(60):
            await self.is_open.wait()
        if self.wrong:
            raise BenchError(f"A device can't follow conversations: {self.wrong}.")

    async def close(self) -> None:
        """Hang up."""
        self._listening.cancel()
        await self.socket.close()


class Chat(Protocol):
    """What messages are sent through.

    Attributes:
        title: What it is called.
        repeats: Whether a message that is sent twice is one.
        servers: Its two instances, once they are started.
        busy: How often it was too busy to take a message, which was then sent again.
    """

    busy: int
    title: str
    repeats: bool
    servers: list[Server]

    async def start(self) -> None:
        """Start two instances."""

    async def open(self, http: aiohttp.ClientSession, account: UUID, server: Server, clock: Clock) -> Device:
        """Open a device at an instance, which follows all conversations of an account."""

    async def send(self, http: aiohttp.ClientSession, letter: Letter, server: Server) -> tuple[bool, int, str]:
        """Send a message; return whether it was new, its position and its id."""

    async def read(self, http: aiohttp.ClientSession, account: UUID, letter: Letter, seq: int, server: Server) -> None:
        """Say that somebody has read up to a message."""

    async def behind(self, devices: Sequence[Any]) -> int:
        """Return how many devices haven't been told all yet."""

    async def check(self, devices: Sequence[Any], number: int) -> None:
        """Compare what devices have with what is stored.

        Raises:
            BenchError: It isn't the same.
        """


class LiveDevice(Device):
    """A device that follows VoteWave's streams, and applies what it is told as docs/api/live.md says.

    Attributes:
        at: Where each stream stands.
        unread: Of each conversation, how many messages are.
    """

    def __init__(self, account: UUID, clock: Clock, socket: aiohttp.ClientWebSocketResponse, streams: int) -> None:
        self.at: dict[str, tuple[str, int]] = {}
        self.unread: dict[str, int] = {}
        self._streams = streams
        super().__init__(account, clock, socket)

    def take(self, message: Any) -> None:
        """See `Device.take`."""
        kind, stream = message["type"], message.get("stream", "")
        if kind == "snapshot":
            if stream in self.at:
                self.wrong = f"{stream} began anew, at {message['seq']} after {self.at[stream][1]}"
            for each in message["state"].get("conversations", ()):
                self.unread[each["id"]] = each["unread"]
        elif kind == "delta":
            if self.at.get(stream) != (message["epoch"], message["prev"]):
                self.wrong = f"{stream} has a gap, from {self.at.get(stream)} to {message['prev']}"
            for event in message["events"]:
                self._apply(event)
        elif kind in {"refused", "end"}:
            self.wrong = f"{message}"
        if kind in {"snapshot", "delta"}:
            self.at[stream] = (message["epoch"], message["seq"])
            if len(self.at) == self._streams:
                self.is_open.set()

    def _apply(self, event: Any) -> None:
        if event["type"] == "message":
            message = event["message"]
            self.order[message["conversation"]].append((message["seq"], message["id"]))
            self.clock.came(message["client_id"])
        elif event["type"] == "conversation":
            conversation = event["conversation"]
            self.unread[conversation["id"]] = conversation["unread"]


class VoteWave:
    """VoteWave: Messaging in two processes, one of them with Auth."""

    title = "VoteWave"
    repeats = True
    busy = 0

    def __init__(self, place: Place, people: People) -> None:
        self.servers: list[Server] = []
        self._place = place
        self._people = people
        self._headers = {
            account: {
                "authorization": f"Bearer {place.voters.token(account, guest=False)}",
                "x-forwarded-for": f"198.18.{number // 250}.{number % 250}",
            }
            for number, account in enumerate(people.accounts)
        }

    async def start(self) -> None:
        """Write who converses with whom, and start the instances."""
        accounts, of = self._people.accounts, self._people.of
        people = [(account, 1, f"person_{number}", "", False) for number, account in enumerate(accounts)]
        conversations = [(conversation, "group", "Us", members[0]) for conversation, members in of.items()]
        members = [
            (conversation, account, "member" if place else "owner", "active", 0, 0, conversation)
            for conversation, members in of.items()
            for place, account in enumerate(members)
        ]
        tables = {
            "person": (["id", "version", "handle", "display_name", "deleted"], people),
            "conversation": (["id", "kind", "title", "made_by"], conversations),
            "member": (["conversation", "account", "role", "state", "since", "read", "latest"], members),
        }
        async with self._place.connect("votewave") as connection:
            for table, (columns, records) in tables.items():
                await connection.copy_records_to_table(table, schema_name="messaging", columns=columns, records=records)
        self.servers += [self._place.run("auth", "messaging")]
        self.servers += [self._place.run("messaging", port=free_port())]

    async def open(self, http: aiohttp.ClientSession, account: UUID, server: Server, clock: Clock) -> LiveDevice:
        """See `Chat.open`."""
        url, headers = f"{server.url}/v1/messaging/live", self._headers[account]
        async with http.post(f"{url}/tickets", json={}, headers=headers) as answer:
            if answer.status != 201:
                raise BenchError(f"There is no ticket: {answer.status} {await answer.text()}")
            ticket = (await answer.json())["ticket"]
        socket = await http.ws_connect(f"{url.replace('http', 'ws', 1)}?ticket={ticket}", headers=headers)
        streams = [f"conversations:{account}", *(f"conversation:{one}" for one in self._people.conversations[account])]
        device = LiveDevice(account, clock, socket, len(streams))
        for stream in streams:
            await socket.send_json({"type": "follow", "stream": stream})
        return device

    async def send(self, http: aiohttp.ClientSession, letter: Letter, server: Server) -> tuple[bool, int, str]:
        """See `Chat.send`."""
        url = f"{server.url}/v1/messaging/conversations/{letter.conversation}/messages"
        for _ in range(_TRIES):
            async with http.post(url, json=letter.body, headers=self._headers[letter.sender]) as answer:
                if answer.status in {200, 201}:
                    message = await answer.json()
                    return answer.status == 201, message["seq"], message["id"]
                if answer.status != 503:
                    break
            self.busy += 1
            await asyncio.sleep(float(answer.headers["retry-after"]))
        raise BenchError(f"A message was answered with {answer.status}.")

    async def read(self, http: aiohttp.ClientSession, account: UUID, letter: Letter, seq: int, server: Server) -> None:
        """See `Chat.read`."""
        url = f"{server.url}/v1/messaging/conversations/{letter.conversation}/read"
        async with http.put(url, json={"seq": seq}, headers=self._headers[account]) as answer:
            if answer.status not in {204, 503}:  # whoever has read more says so anew
                raise BenchError(f"That one has read was answered with {answer.status} {await answer.text()}")

    async def behind(self, devices: Sequence[LiveDevice]) -> int:
        """See `Chat.behind`."""
        async with self._place.connect("votewave") as connection:
            rows = await connection.fetch(
                "SELECT 'conversation:' || id AS stream, seq FROM messaging.conversation"
                " UNION ALL SELECT 'conversations:' || id, seq FROM messaging.account"
            )
        heads = {row["stream"]: row["seq"] for row in rows}
        return sum(any(seq != heads.get(stream, 0) for stream, (_, seq) in each.at.items()) for each in devices)

    async def check(self, devices: Sequence[LiveDevice], number: int) -> None:
        """See `Chat.check`."""
        async with self._place.connect("votewave") as connection:
            messages = await connection.fetch(
                "SELECT conversation::text, seq, id::text FROM messaging.message ORDER BY conversation, seq"
            )
            # What is unread is counted anew, from the messages.
            members = await connection.fetch(
                "SELECT account, conversation::text, unread, (SELECT count(*) FROM messaging.message AS message"
                "  WHERE message.conversation = member.conversation AND message.seq > member.read"
                "  AND message.sender <> member.account) AS counted"
                " FROM messaging.member ORDER BY account, conversation"
            )
        if len(messages) != number:
            raise BenchError(f"{number:,} messages were sent, and {len(messages):,} are stored.")
        order: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        for row in messages:
            order[row["conversation"]].append((row["seq"], row["id"]))
        unread: defaultdict[UUID, dict[str, int]] = defaultdict(dict)
        for row in members:
            if row["unread"] != row["counted"]:
                raise BenchError(f"{row['counted']} messages are unread to somebody to whom {row['unread']} are told.")
            unread[row["account"]][row["conversation"]] = row["unread"]
        for device in devices:
            for conversation in map(str, self._people.conversations[device.account]):
                if device.order[conversation] != order[conversation]:
                    raise BenchError(f"A device has another order in conversation {conversation} than is stored.")
            if device.unread != unread[device.account]:
                raise BenchError(f"A device has {device.unread} unread where there are {unread[device.account]}.")


class PlainDevice(Device):
    """A device that takes what comes."""

    def take(self, message: Any) -> None:
        """See `Device.take`."""
        if message:
            self.order[message["conversation"]].append((message["id"], str(message["id"])))
            self.clock.came(message["client_id"])
        else:
            self.is_open.set()


class Plain:
    """A plain chat, as loadtests/peers/chat.py has it; nothing is sent to it twice, or it would be there twice."""

    title = "plain INSERT and PUBLISH"
    repeats = False
    busy = 0

    def __init__(self, place: Place, people: People) -> None:
        self.servers: list[Server] = []
        self._place = place
        self._people = people
        self._sent: defaultdict[UUID, int] = defaultdict(int)

    async def start(self) -> None:
        """Make its database and start its instances."""
        await self._place.create_database("chat", plain.TABLE)
        environment = {"PEER_DSN": self._place.dsn("chat"), "PEER_REDIS": self._place.embedded.redis_url}
        for _ in range(2):
            port, log = free_port(), self._place.folder / "chat.log"
            server = Server("The plain chat", ["loadtests.peers.chat", str(port)], environment, port, "/ready", log)
            self._place.guests.callback(server.stop)
            self.servers.append(server)

    async def open(self, http: aiohttp.ClientSession, account: UUID, server: Server, clock: Clock) -> PlainDevice:
        """See `Chat.open`."""
        socket = await http.ws_connect(f"{server.url.replace('http', 'ws', 1)}/live")
        device = PlainDevice(account, clock, socket)
        await socket.send_json([str(each) for each in self._people.conversations[account]])
        return device

    async def send(self, http: aiohttp.ClientSession, letter: Letter, server: Server) -> tuple[bool, int, str]:
        """See `Chat.send`."""
        url = f"{server.url}/conversations/{letter.conversation}/messages"
        async with http.post(url, json={**letter.body, "sender": str(letter.sender)}) as answer:
            if answer.status != 201:
                raise BenchError(f"A message was answered with {answer.status} {await answer.text()}")
            message = await answer.json()
        self._sent[letter.conversation] += 1
        return True, message["id"], str(message["id"])

    async def read(self, http: aiohttp.ClientSession, account: UUID, letter: Letter, seq: int, server: Server) -> None:
        """Do nothing: it doesn't know who has read what."""

    async def behind(self, devices: Sequence[PlainDevice]) -> int:
        """See `Chat.behind`."""
        return sum(
            any(len(each.order[str(one)]) < self._sent[one] for one in self._people.conversations[each.account])
            for each in devices
        )

    async def check(self, devices: Sequence[PlainDevice], number: int) -> None:
        """Nothing is promised of the order in which devices have messages."""

"""A plain chat on Litestar: a message is one INSERT and one PUBLISH, and whoever is connected is sent it.

As a first version of a chat would be. It is served exactly as VoteWave is (the same listener, uvloop). It asks nobody
who they are, and has no unread counts, no positions, no retries: what a device misses is lost to it. Run:
`python -m loadtests.peers.chat PORT`, with `PEER_DSN` and `PEER_REDIS` in the environment.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections import defaultdict
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import uvloop
from litestar import Litestar, WebSocket, get, post, websocket
from litestar.exceptions import WebSocketDisconnect
from litestar.params import FromPath, JSONBody
from redis.asyncio import Redis
from services.core.serve.listener import Listener

TABLE = """
CREATE TABLE message (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    conversation uuid NOT NULL,
    sender uuid NOT NULL,
    client_id text NOT NULL,
    text text NOT NULL,
    sent_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON message (conversation, id);
"""
_INSERT = "INSERT INTO message (conversation, sender, client_id, text) VALUES ($1, $2, $3, $4) RETURNING id"


class MessageIn(msgspec.Struct):
    """What somebody writes."""

    sender: UUID
    client_id: str
    text: str


class MessageOut(msgspec.Struct):
    """A message."""

    id: int
    conversation: UUID
    sender: UUID
    client_id: str
    text: str


class Chat:
    """What an instance has open.

    Args:
        pool: Connections to the database.
        redis: Carries messages between instances.
    """

    def __init__(self, pool: Any, redis: Redis) -> None:
        self.pool = pool
        self.redis = redis
        self.sockets: defaultdict[bytes, set[WebSocket[Any, Any, Any]]] = defaultdict(set)

    async def tell(self, listening: Any) -> None:
        """Send what is published to all who are connected."""
        async for message in listening.listen():
            if message["type"] == "pmessage":
                text = message["data"].decode()
                for socket in list(self.sockets[message["channel"]]):
                    await socket.send_text(text)


def application(chat: Chat) -> Litestar:
    """Return the application."""

    @post("/conversations/{conversation:uuid}/messages")
    async def send(conversation: FromPath[UUID], data: JSONBody[MessageIn]) -> MessageOut:
        """Store a message, and publish it."""
        number = await chat.pool.fetchval(_INSERT, conversation, data.sender, data.client_id, data.text)
        message = MessageOut(number, conversation, data.sender, data.client_id, data.text)
        await chat.redis.publish(f"chat:{conversation}", msgspec.json.encode(message))
        return message

    @get("/ready")
    async def ready() -> None:
        """Say that it serves."""

    @websocket("/live")
    async def live(socket: WebSocket[Any, Any, Any]) -> None:
        """Send the messages of the conversations that the client names."""
        await socket.accept()
        conversations = [f"chat:{name}".encode() for name in await socket.receive_json()]
        for name in conversations:
            chat.sockets[name].add(socket)
        await socket.send_text("[]")
        with contextlib.suppress(WebSocketDisconnect):
            await socket.receive_text()
        for name in conversations:
            chat.sockets[name].discard(socket)

    return Litestar([send, ready, live], openapi_config=None, logging_config=None)


async def _serve(port: int) -> None:
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    redis = Redis.from_url(os.environ["PEER_REDIS"])
    async with asyncpg.create_pool(os.environ["PEER_DSN"], min_size=1, max_size=10) as pool, redis.pubsub() as hearing:
        await hearing.psubscribe("chat:*")
        chat = Chat(pool, redis)
        listener = Listener(application(chat), "127.0.0.1", port)
        await listener.start()
        telling, stopped = asyncio.create_task(chat.tell(hearing)), asyncio.create_task(stop.wait())
        done, _ = await asyncio.wait((telling, stopped), return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        telling.cancel()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))

"""A service made for tests, run as a program: it answers slowly, never ends, or fails, as it is asked to."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, WebSocket, get, post, websocket
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import WebSocketException
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.response import ServerSentEvent, Stream
from redis.exceptions import ConnectionError as RedisConnectionError
from services.core.aws.secrets import SecretError
from services.core.http.application import create_app
from services.core.http.limits import LARGE_BODY_BYTES
from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.observe.logs import configure
from services.core.peers.calls import PeerError
from services.core.problems import FieldError, Problem, not_found, refused, too_many, unauthenticated
from services.core.serve.server import serve
from services.core.service import NoSettings, Service
from services.core.settings import CoreSettings, load
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

SECRET = "ballot-of-ada-4711"


class Trial:
    """Leaves a word in a file when it was started and stopped in order."""

    def __init__(self, kit: Kit[NoSettings]) -> None:
        self.kit = kit

    async def start(self) -> None:
        note("started")

    async def stop(self) -> None:
        await asyncio.sleep(0.05)
        note("stopped")

    async def ask_database(self, value: Any) -> None:
        async with self.kit.db.reading() as session:
            await session.execute(text("SELECT CAST(:value AS text)"), {"value": value})


def note(word: str) -> None:
    with Path(sys.argv[1]).open("a") as file:
        file.write(f"{word}\n")


class Option(msgspec.Struct, forbid_unknown_fields=True):
    label: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
    weight: int = 1


class Body(msgspec.Struct, forbid_unknown_fields=True):
    title: str
    options: list[Option] = []
    extra: dict[str, float] | None = None


async def _nobody(_: Any, __: Any) -> None:
    raise unauthenticated()


class TrialController(Controller):
    @get("/wait", operation_id="Wait")
    async def wait(self, seconds: FromQuery[float]) -> dict[str, float]:
        note("begun")
        await asyncio.sleep(seconds)
        note("answered")
        return {"waited": seconds}

    @get("/events", operation_id="Events")
    async def events(self) -> ServerSentEvent:
        async def forever() -> AsyncIterator[str]:
            while True:
                yield "tick"
                await asyncio.sleep(0.1)

        return ServerSentEvent(forever())

    @get("/silence", operation_id="Silence")
    async def silence(self) -> Stream:
        async def forever() -> AsyncIterator[str]:
            yield "one"
            await asyncio.sleep(3600)

        return Stream(forever())

    @get("/stubborn", operation_id="Stubborn")
    async def stubborn(self) -> None:
        note("begun")
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                note("refused")

    @websocket("/socket")
    async def socket(self, socket: WebSocket[Any, Any, Any]) -> None:
        await socket.accept()
        await socket.send_text("hello")
        while True:
            await socket.receive_text()

    @websocket("/guarded", guards=[_nobody])
    async def guarded(self, socket: WebSocket[Any, Any, Any]) -> None:
        await socket.accept()

    @websocket("/shut")
    async def shut(self, socket: WebSocket[Any, Any, Any]) -> None:
        await socket.close()

    @websocket("/gone")
    async def gone(self, socket: WebSocket[Any, Any, Any]) -> None:
        await socket.accept()
        raise not_found("room")

    @websocket("/broken")
    async def broken(self, socket: WebSocket[Any, Any, Any]) -> None:
        await socket.accept()
        raise RuntimeError(SECRET)

    @websocket("/own")
    async def own(self, socket: WebSocket[Any, Any, Any]) -> None:
        await socket.accept()
        raise WebSocketException(detail="mine", code=4001)

    @post("/body", operation_id="Body", status_code=200, request_max_body_size=LARGE_BODY_BYTES)
    async def body(self, data: JSONBody[Body]) -> Body:
        return data

    @get("/things/{thing:uuid}", operation_id="Thing")
    async def thing(self, thing: FromPath[UUID], limit: Annotated[int, QueryParameter(le=100)] = 20) -> str:
        return f"{thing} {limit}"

    @get("/mine", operation_id="Mine")
    async def mine(self, subject: NamedDependency[Subject]) -> str:
        return str(subject.id)

    @get("/database", operation_id="Database")
    async def database(self, state: State, value: FromQuery[str] = "x") -> str:
        trial: Trial = state["trial"]
        await trial.ask_database(value)
        return "ok"

    @get("/sleep", operation_id="Sleep")
    async def sleep(self, state: State, seconds: FromQuery[float]) -> str:
        trial: Trial = state["trial"]
        async with trial.kit.db.reading() as session:
            await session.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": seconds})
        return "ok"

    @get("/number", operation_id="Number")
    async def number(self, state: State, value: FromQuery[int]) -> str:
        trial: Trial = state["trial"]
        async with trial.kit.db.reading() as session:
            await session.execute(text("SELECT count(*) FROM seen WHERE number = :value"), {"value": value})
        return "ok"

    @get("/fail/{kind:str}", operation_id="Fail")
    async def fail(self, kind: FromPath[str]) -> None:
        failure: Exception = FAILURES[kind]()
        raise failure


def own_problem() -> Problem:
    return Problem(418, "teapot", "I'm a teapot", "short", errors=(FieldError("spout", "stout"),), extensions={"x": 1})


FAILURES: dict[str, Any] = {
    "unknown": lambda: RuntimeError(SECRET),
    "key": lambda: KeyError(SECRET),
    "group": lambda: ExceptionGroup(SECRET, [ValueError(SECRET)]),
    "integrity": lambda: IntegrityError(f"INSERT INTO x VALUES ('{SECRET}')", {"p": SECRET}, Exception(SECRET)),
    "peer": lambda: PeerError("polls answered 503"),
    "secret": lambda: SecretError("The secret internal/key can't be read from AWS."),
    "redis": lambda: RedisConnectionError(f"redis://:{SECRET}@"),
    "timeout": lambda: TimeoutError(SECRET),
    "teapot": own_problem,
    "refused": lambda: refused("rule", "No.", FieldError("a.b", "not so")),
    "slower": lambda: too_many("Slower.", 2.3),
}


if __name__ == "__main__":
    settings = load(CoreSettings)
    configure(settings.log_format, settings.log_level)
    service = Service("trial", Trial, controllers=[TrialController])
    serve(lambda: create_app([service], settings), settings)

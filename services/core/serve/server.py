"""Serving: uvicorn's protocols in this process and loop, and the order in which a server goes away.

On SIGTERM: turn unready, leave Consul, wait for callers' caches (`drain_seconds`), stop listening, finish what
was begun, cut off what doesn't end, close. It takes `drain_seconds` and five more at most, whatever is open. A
second signal ends the waiting. uvicorn's own server isn't used, since signals and the order of leaving are ours.
"""

import asyncio
import ctypes
import gc
import logging
import signal
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack, closing
from typing import TYPE_CHECKING

import structlog
import uvloop

from services.core.http.application import Application
from services.core.kit import secrets_of
from services.core.observe.logs import on_loop_error
from services.core.observe.metrics import READY
from services.core.serve.listener import Listener
from services.core.settings import CoreSettings
from services.core.tasks import end

if TYPE_CHECKING:
    from services.core.peers.consul import Registration

log = structlog.get_logger(__name__)

_FINISH_SECONDS = 3.0
_CUT_SECONDS = 0.5
_CLOSE_SECONDS = 1.0


class ServeError(Exception):
    """Serving can't begin, or ended by itself; the message says why."""


def serve(build: Callable[[], Application], settings: CoreSettings, on_ready: Callable[[], None] | None = None) -> None:
    """Serve until SIGTERM, SIGINT or SIGHUP.

    Args:
        build: Makes the application, inside the event loop.
        settings: Where to listen.
        on_ready: Called once requests are taken.

    Raises:
        ServeError: The port can't be had, or the server ended by itself.
        Exception: What a service raised while it was starting.
    """
    if reason := why_not(settings.host, settings.port):
        raise ServeError(reason)
    # Not uvloop.run: it waits for ever for a task that doesn't let itself be cancelled.
    loop = uvloop.new_event_loop()
    loop.set_exception_handler(on_loop_error)
    try:
        loop.run_until_complete(_serve(build, settings, on_ready))
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.wait(left, timeout=_CUT_SECONDS))
        loop.close()


def why_not(host: str, port: int) -> str | None:
    """Say why an address can't be listened on; None if it can."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as exc:
        return f"the address {host} can't be used ({exc.strerror}); set VOTEWAVE_HOST"
    with closing(socket.socket(family, kind)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
            probe.listen(1)  # only now a listener that shares its port is told from none
        except OSError as exc:
            return f"port {port} of {host} can't be used ({exc.strerror}); set VOTEWAVE_PORT to another"
    return None


async def _serve(build: Callable[[], Application], settings: CoreSettings, on_ready: Callable[[], None] | None) -> None:
    app = build()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(app.lifespan())  # ours, so that its end is reached whatever is open
        late = await _listen(app, settings, on_ready)
        try:
            async with asyncio.timeout_at(max(late, asyncio.get_running_loop().time() + _CLOSE_SECONDS)):
                await stack.aclose()
        except TimeoutError:
            log.warning("close_abandoned")
    log.info("stopped")


async def _listen(app: Application, settings: CoreSettings, on_ready: Callable[[], None] | None) -> float:
    """Take requests until a signal; return when, by the loop's clock, all must be over."""
    listener = Listener(app, settings.host, settings.port)
    stop, hurry = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(sign) is not signal.SIG_IGN:  # as under nohup
            loop.add_signal_handler(sign, _on_signal, stop, hurry, app.stopping)
    try:
        await listener.start()
    except OSError as exc:
        raise ServeError(f"port {settings.port} of {settings.host} can't be used ({exc.strerror})") from exc
    app.on_listening()
    _settle()
    READY.set(1)
    if on_ready is not None:
        on_ready()
    log.info("serving", host=settings.host, port=settings.port)
    registration = _register(app, settings)
    await stop.wait()
    READY.set(0)
    log.info("stopping")
    if registration is not None:
        await registration.leave()
    hurried = asyncio.create_task(hurry.wait())
    if settings.drain_seconds:
        await asyncio.wait({hurried}, timeout=settings.drain_seconds)
    late = loop.time() + _FINISH_SECONDS + _CUT_SECONDS + _CLOSE_SECONDS
    listener.stop()
    finished = asyncio.create_task(listener.finished())
    await asyncio.wait({finished, hurried}, timeout=_FINISH_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    if not finished.done():
        await _cut_off(listener, finished)
    await end(finished, hurried)
    await listener.close()
    return late


async def _cut_off(listener: Listener, finished: "asyncio.Task[None]") -> None:
    """End requests that don't end by themselves: streams, sockets, and who hangs."""
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # what it says of each task that is cancelled
    log.warning("requests_cut_off", requests=listener.cut_off())
    await asyncio.wait({finished}, timeout=_CUT_SECONDS)
    if not finished.done():
        log.error("requests_abandoned")


def _register(app: Application, settings: CoreSettings) -> "Registration | None":
    """Begin to keep the services registered in Consul, if that is this process's task."""
    if settings.consul_registration != "self":
        return None
    from services.core.peers.consul import Registration  # noqa: PLC0415  (8 MB that others needn't hold)

    registration = Registration(settings, secrets_of(settings), app.names)
    registration.start()
    return registration


def _on_signal(stop: asyncio.Event, hurry: asyncio.Event, stopping: asyncio.Event) -> None:
    if stop.is_set():
        hurry.set()
    stop.set()
    stopping.set()


def _settle() -> None:
    """Give back what only starting needed, and keep what stays out of later garbage collections.

    Measured: 7 MB less resident, and no full collection walks the modules while votes wait. With Python's
    own threshold of 700 objects the requests under way are walked again and again, for 16 to 26 µs of each
    vote; with 10,000 it is 5.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)
    gc.enable()
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)

"""`bench web`: what Lighthouse says of the pages that most people see first, on a phone with a slow line."""

import asyncio
import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

import httpx
import msgspec
from services.web import node
from services.web.build import build
from services.web.node import ROOT, Node, WebError, last_line

from loadtests.benchmark.errors import BenchError
from loadtests.benchmark.processes import Server, free_port

FOLDER = ROOT / "loadtests" / "pages"

LEAST = {"performance": 90, "accessibility": 95, "best-practices": 95}
LEAST_FOUND = {"seo": 95}
"""Of pages that search engines shall find."""

_DEMO = "demo@votewave.example"
_LOOK_SECONDS = 120
_DEMO_SECONDS = 180
_TALKED_ABOUT = "lunch"


class Page(msgspec.Struct, frozen=True):
    """A page that is looked at.

    Attributes:
        name: As it is chosen by `--only`.
        path: Where it is; with `{poll}` and `{room}` where the demo's are named.
        found: Search engines shall find it.
        signed_in: Somebody who follows others looks at it.
    """

    name: str
    path: str
    found: bool = False
    signed_in: bool = False

    @property
    def least(self) -> dict[str, int]:
        """The scores that it has to have, by category."""
        return LEAST | LEAST_FOUND if self.found else LEAST


PAGES = (
    Page("landing", "/", found=True),
    Page("poll", "/p/{poll}", found=True),
    Page("feed", "/home", signed_in=True),
    Page("booth", "/r/{room}"),
)
NAMES = [page.name for page in PAGES]


class Missed(msgspec.Struct, frozen=True):
    """What costs a page points.

    Attributes:
        category: In which of the scores.
        id: Lighthouse's name for it.
        says: A figure, or what is wrong.
    """

    category: str
    id: str
    says: str


class Task(msgspec.Struct, frozen=True):
    """Something that a page did at once, while it answered nobody."""

    at: float
    ms: float


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """One look at a page.

    Attributes:
        at: Its address in the end.
        scores: From 0 to 100, by category.
        fcp_ms: When the first of it was seen.
        lcp_ms: When the largest part was.
        tbt_ms: For how long in all it couldn't have answered a touch.
        shift: How much moved by itself, from 0 to 1.
        kb: What it loaded, in kB.
        missed: What cost points.
        largest: What its largest part was.
        work: What its processor did, in ms by kind, as the phone would have taken.
        tasks: What kept it busy for more than 50 ms at once: since when, and for how long, in ms.
    """

    at: str
    scores: dict[str, int]
    fcp_ms: float
    lcp_ms: float
    tbt_ms: float
    shift: float
    kb: float
    missed: list[Missed]
    largest: str = ""
    work: dict[str, float] = {}
    tasks: list[Task] = []


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """A page and its looks.

    Attributes:
        name: The page's.
        medians: Of the looks' scores, by category.
        least: What they have to be.
        looks: In their order.
    """

    name: str
    medians: dict[str, float]
    least: dict[str, int]
    looks: list[Look]

    @property
    def misses(self) -> list[str]:
        """What lies below its limit, in words."""
        return [
            f"{self.name}: {category} is {self.medians.get(category, 0):.0f}, not {least}"
            for category, least in self.least.items()
            if self.medians.get(category, 0) < least
        ]


async def run(*, rounds: int, only: tuple[str, ...], parent: Path | None) -> list[Measured]:
    """Start a VoteWave with sample data and look at its pages, in turns.

    Args:
        rounds: How often each is looked at.
        only: Pages by name; empty for all.
        parent: Where the temporary data folder goes.

    Raises:
        BenchError: Chromium or Lighthouse isn't there, or something failed.
    """
    chromium = shutil.which("chromium")
    if chromium is None:
        raise BenchError("There is no chromium on PATH. On Debian: apt-get install chromium")
    try:
        tools = node.find(_say)
        _bring(tools)
        build(_say)
    except WebError as exc:
        raise BenchError(str(exc)) from exc
    chosen = [page for page in PAGES if not only or page.name in only]
    looks: dict[str, list[Look]] = {page.name: [] for page in chosen}
    with _served(parent) as (server, folder):
        await _settled(server)
        account, named = await _samples(server, folder)
        for number in range(rounds):
            for page in chosen:
                asked = {
                    "url": server.url + page.path.format(**named),
                    "chromium": chromium,
                    "account": account if page.signed_in else None,
                    "root": os.geteuid() == 0,
                }
                look = await _look(tools, asked)
                looks[page.name].append(look)
                _say(f"{number + 1}/{rounds} {line(page.name, look)}")
    return [measured(page, looks[page.name]) for page in chosen]


def measured(page: Page, looks: list[Look]) -> Measured:
    """Sum up the looks at a page."""
    medians = {category: median(look.scores.get(category, 0) for look in looks) for category in page.least}
    return Measured(name=page.name, medians=medians, least=page.least, looks=looks)


def line(name: str, look: Look) -> str:
    """Describe one look."""
    scores = ", ".join(f"{category} {score}" for category, score in look.scores.items())
    return (
        f"{name}: {scores}; first paint {look.fcp_ms:.0f} ms, largest {look.lcp_ms:.0f} ms,"
        f" blocked {look.tbt_ms:.0f} ms, shift {look.shift:.3f}, {look.kb:.0f} kB"
    )


def table(found: list[Measured]) -> Iterator[str]:
    """Describe the outcome as a table, and what costs points."""
    columns = list(LEAST | LEAST_FOUND)
    yield f"{'page':10}" + "".join(f"{category:>16}" for category in columns)
    for each in found:
        cells = [f"{each.medians[it]:.0f} of {each.least[it]}" if it in each.least else "" for it in columns]
        yield f"{each.name:10}" + "".join(f"{cell:>16}" for cell in cells)
    for each in found:
        last = each.looks[-1]
        yield f"{each.name}: {busy(last)}; its largest part is {last.largest or 'not known'}"
        for missed in last.missed:
            if missed.category in each.least:
                yield f"{each.name}: {missed.category}, {missed.id}: {missed.says}"


def busy(look: Look) -> str:
    """Say what kept the processor busy in a look, the most first, and for how long at once."""
    work = sorted(look.work.items(), key=lambda one: -one[1])
    longest = ", ".join(f"{task.ms:.0f} at {task.at:.0f}" for task in look.tasks) or "none"
    kinds = ", ".join(f"{kind} {ms:.0f}" for kind, ms in work)
    return f"busy for {sum(look.work.values()):.0f} ms ({kinds}); longer than 50 ms at once: {longest}"


def _bring(tools: Node) -> None:
    """Bring Lighthouse, which is apart from what the client's build and its checks need: it is large.

    Raises:
        WebError: npm can't.
    """
    lock = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
    stamp = FOLDER / "node_modules" / ".votewave"
    if stamp.is_file() and stamp.read_text() == lock:
        return
    _say("bringing Lighthouse into loadtests/pages/node_modules/ (once, 180 MB) …")
    command = [*tools.npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel", "error"]
    done = node.run(command, FOLDER, tools.environment)
    if done.returncode:
        raise WebError(f"npm couldn't bring Lighthouse: {last_line(done.stderr)}")
    stamp.write_text(lock)


@contextmanager
def _served(parent: Path | None) -> Iterator[tuple[Server, Path]]:
    """Run `votewave up --demo` in a new folder; in the end it is stopped, and the folder removed."""
    folder = Path(tempfile.mkdtemp(prefix="votewave-bench-", dir=parent))
    folder.chmod(0o711)  # as root, the database runs as another user, who must get through
    port = free_port()
    where = ["--port", str(port), "--data-dir", str(folder / "data")]
    command = ["services.cli", "up", "--demo", "--no-elections", *where]
    try:
        server = Server("votewave up", command, {}, port, "/health/ready", folder / "votewave.log")
        try:
            yield server, folder
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _settled(server: Server) -> None:
    """Wait until the demo is whole, so that nothing goes on beside the looks; say how far it is."""
    told: set[str] = set()
    for _ in range(_DEMO_SECONDS * 2):
        for line in server.said().splitlines():
            if line.startswith("Demo: ") and line not in told:
                told.add(line)
                _say(line.removeprefix("Demo: "))
            if line.startswith("Demo: ready"):
                return
            if line.startswith("Demo: stopped"):
                raise BenchError(line)
        await asyncio.sleep(0.5)
    raise BenchError(f"The demo didn't become ready within {_DEMO_SECONDS} s. It said:\n{server.said()}")


async def _samples(server: Server, folder: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Open a room; return who looks at a feed, and what paths name."""
    demo = json.loads((folder / "data" / "demo.json").read_bytes())
    account = {"email": _DEMO, "password": demo["password"]}
    async with httpx.AsyncClient(base_url=server.url, timeout=20) as client:
        token = _ok(await client.post("/v1/auth/sessions", json=account))["access_token"]
        client.headers["authorization"] = f"Bearer {token}"
        poll = _ok(await client.get(f"/v1/polls/{demo['polls'][_TALKED_ABOUT]}"))
        key = {"idempotency-key": uuid4().hex}
        room = _ok(await client.post("/v1/votebooth/rooms", json={"title": "Lunch"}, headers=key))
        agenda = f"/v1/votebooth/rooms/{room['room']}"
        _ok(await client.put(f"{agenda}/agenda", json={"polls": [poll["id"]]}))
        _ok(await client.post(f"{agenda}/next", json={"after": None}))
    return account, {"poll": poll["code"], "room": room["code"]}


def _ok(answer: httpx.Response) -> Any:
    if not answer.is_success:
        raise BenchError(f"{answer.request.url} answered {answer.status_code}: {answer.text[:300]}")
    return answer.json() if answer.content else None


async def _look(tools: Node, asked: Mapping[str, Any]) -> Look:
    process = await asyncio.create_subprocess_exec(
        str(tools.program),
        "look.mjs",
        json.dumps(asked),
        cwd=FOLDER,
        env=tools.environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        said, complained = await asyncio.wait_for(process.communicate(), _LOOK_SECONDS)
    except TimeoutError:
        raise BenchError(f"Lighthouse didn't end within {_LOOK_SECONDS} s at {asked['url']}.") from None
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode:
        raise BenchError(f"Lighthouse failed at {asked['url']}: {complained.decode(errors='replace')[-2000:]}")
    return msgspec.json.decode(said, type=Look)


def _say(said: str) -> None:
    print(said, file=sys.stderr, flush=True)

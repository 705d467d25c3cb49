"""Checks after the load: is every acknowledged ballot stored, and does the tally match the stored ballots?

All use the public API, as the polls' owner and as voters, so they work from anywhere:

- the list of receipts must contain every acknowledged receipt and no other;
- a sample of voters read their own ballots back;
- the polls are closed and exported; the export must match the last acknowledged choices, with their counts;
- `votewave tally` counts the exported file; every round must equal the published result's;
- VoteBooth's audit log of the poll must not report that its own periodic recount differed;
- next to a `votewave up`, `votewave recount` compares counters and ballots in the database.

A vote without an answer, or with a 5xx, may or may not be stored.
"""

import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from loadtests.gate.api import Api
from loadtests.gate.errors import TargetError
from loadtests.gate.plan import Cast, Identity, Outcome
from loadtests.gate.setup import Poll, Setup

_SAMPLE = 200
_READERS = 20
_FINAL_SECONDS = 20.0
_COMMAND_SECONDS = 120
_SHOWN = 5


class Findings(Struct):
    """What was compared, and the differences.

    Attributes:
        acknowledged, stored, unsure: Ballots acknowledged, stored, and sent without an answer.
        read_back: Ballots that voters have read back.
        lost: Differences between stored and acknowledged ballots, as text.
        recounted: Polls whose tally was compared.
        miscounted: Differences between tally and ballots, as text.
    """

    acknowledged: int = 0
    stored: int = 0
    unsure: int = 0
    read_back: int = 0
    lost: list[str] = []
    recounted: int = 0
    miscounted: list[str] = []


async def check(
    api: Api, setup: Setup, outcomes: Sequence[Outcome], folder: Path, data_dir: Path | None = None
) -> Findings:
    """Compare what is stored with what was acknowledged, and count it again.

    Args:
        api: The target.
        setup: The polls.
        outcomes: The generators' outcomes, in the order of the setup's polls.
        folder: For exported files.
        data_dir: The data folder if the target is a `votewave up`, to recount in its database too; else None.

    Raises:
        TargetError: The target can't be reached, or refuses.
    """
    await setup.refresh_owner()
    readers = await setup.guests(_READERS)
    findings = Findings()
    for polls, outcome in zip(setup.polls, outcomes, strict=True):
        findings.lost += [
            f"receipt {each}: a voter's first vote was answered as a change, or a change as a first vote"
            for each in outcome.contradicted[:_SHOWN]
        ]
        for place, poll in enumerate(polls):
            voters = Voters(poll, place, outcome)
            await _stored(api, voters, findings)
            await _read_back(api, readers, voters, findings)
            await _recount(api, setup.owner, voters, findings, folder)
            if data_dir is not None:
                findings.miscounted += [f"{poll.name}: {each}" for each in await _recount_there(data_dir, poll)]
    return findings


class Voters:
    """What was acknowledged to the voters of a poll.

    Attributes:
        receipts: Of acknowledged ballots.
        choices: The last acknowledged choices with their counts; None for guests. If a voter's last vote had no answer,
            either choice may be stored.
        sure: Voters whose stored ballot is known.
        unsure_ballots: How many ballots may be stored beyond the acknowledged ones.
        unsure_choices: How many ballots may have another choice.
    """

    def __init__(self, poll: Poll, place: int, outcome: Outcome) -> None:
        self.poll = poll
        if poll.tokens:
            casts = [cast for cast in outcome.casts if cast.poll == place]
            self.receipts = [cast.receipt for cast in casts if cast.receipt]
            self.sure = [cast for cast in casts if cast.receipt and not cast.unsure]
            self.unsure_ballots = sum(not cast.receipt and bool(cast.unsure) for cast in casts)
            self.unsure_choices = sum(bool(cast.unsure) for cast in casts)
            self.choices: Counter[str] | None = Counter(self.expected(cast) for cast in casts if cast.receipt)
        else:
            self.receipts, self.sure = outcome.guests, []
            self.unsure_ballots = self.unsure_choices = outcome.guests_unsure
            self.choices = None

    def expected(self, cast: Cast) -> str:
        """Return a voter's last acknowledged choice in canonical form."""
        return canonical(msgspec.json.decode(self.poll.ballots[cast.ballot]))


def canonical(choice: Any) -> str:
    """Return a choice in canonical form: ranks as lists, no scores of 0."""
    if "ranking" in choice:
        ranks = [sorted(rank) if isinstance(rank, list) else [rank] for rank in choice["ranking"]]
        return msgspec.json.encode({"ranking": ranks}).decode()
    for kind in ("scores", "points"):
        if kind in choice:
            marks = {str(option): mark for option, mark in choice[kind].items() if mark}
            return msgspec.json.encode({kind: dict(sorted(marks.items()))}).decode()
    return msgspec.json.encode({kind: sorted(v) if isinstance(v, list) else v for kind, v in choice.items()}).decode()


async def _stored(api: Api, voters: Voters, findings: Findings) -> None:
    """Compare the list of receipts with the acknowledged ones."""
    poll = voters.poll
    listed: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        more = f"&cursor={cursor}" if cursor else ""
        page = await api.call("GET", f"/v1/votebooth/polls/{poll.id}/receipts?limit=1000{more}")
        listed += [item["receipt"] for item in page["items"]]
        cursor = page["next"]
    result = await api.call("GET", f"/v1/votebooth/polls/{poll.id}/results")
    given = set(voters.receipts)
    missing, extra = given - set(listed), set(listed) - given
    findings.acknowledged += len(voters.receipts)
    findings.stored += len(listed)
    findings.unsure += voters.unsure_ballots
    if len(given) != len(voters.receipts):
        findings.lost.append(f"{poll.name}: {len(voters.receipts) - len(given)} receipts were given twice")
    if missing:
        findings.lost.append(f"{poll.name}: {len(missing)} acknowledged ballots aren't stored, such as {min(missing)}")
    if len(extra) > voters.unsure_ballots:
        findings.lost.append(f"{poll.name}: {len(extra) - voters.unsure_ballots} ballots are stored that nobody cast")
    if result["ballots"] != len(listed):
        findings.miscounted.append(f"{poll.name}: the result has {result['ballots']} ballots, stored are {len(listed)}")


async def _read_back(api: Api, readers: list[Identity], voters: Voters, findings: Findings) -> None:
    """Let a sample of voters read their ballots."""
    dice = random.Random(voters.poll.id)  # noqa: S311  (a sample)
    sample = dice.sample(voters.sure, min(_SAMPLE, len(voters.sure)))
    path = f"/v1/votebooth/polls/{voters.poll.id}/ballot"

    async def look(cast: Cast) -> str | None:
        try:
            token = {"Ballot-Token": voters.poll.tokens[cast.voter]}
            mine = await api.call("GET", path, who=readers[cast.voter % len(readers)], headers=token)
        except TargetError as exc:
            return f"receipt {cast.receipt}: {exc}"
        if mine["receipt"] != cast.receipt or canonical(mine["ballot"]) != voters.expected(cast):
            return f"receipt {cast.receipt}: the voter reads another ballot than was acknowledged"
        return None

    wrong = [each for each in await Setup.together([partial(look, cast) for cast in sample]) if each]
    findings.read_back += len(sample) - len(wrong)
    findings.lost += [f"{voters.poll.name}: {each}" for each in wrong[:_SHOWN]]
    if len(wrong) > _SHOWN:
        findings.lost.append(f"{voters.poll.name}: and {len(wrong) - _SHOWN} more of {len(sample)} that were read back")


async def _recount(api: Api, owner: Identity, voters: Voters, findings: Findings, folder: Path) -> None:
    """Close the poll; compare its final result with the exported ballots, and those with the acknowledged ones."""
    poll = voters.poll
    booth = f"/v1/votebooth/polls/{poll.id}"
    await api.send("POST", f"/v1/polls/{poll.id}/close", who=owner)
    result = await _final(api, booth)
    if not result["ballots"]:
        return
    exported = await api.call("GET", f"{booth}/export?format=json", who=owner)
    ballots = Counter({canonical(each["choice"]): each["count"] for each in exported["ballots"]})
    if voters.choices is not None:
        differing = (voters.choices - ballots).total()
        if differing > voters.unsure_choices:
            findings.lost.append(f"{poll.name}: {differing} choices in the export aren't those acknowledged last")
    form = "blt" if poll.method == "stv" else "csv"
    file = folder / f"{poll.id}.{form}"
    file.write_bytes(await api.send("GET", f"{booth}/export?format={form}", who=owner))
    findings.recounted += 1
    findings.miscounted += [f"{poll.name}: {each}" for each in await _tally(file, poll, result)]
    log = await api.call("GET", f"{booth}/log?limit=100", who=owner)
    if any(entry["act"] == "recount.differed" for entry in log["items"]):
        findings.miscounted.append(f"{poll.name}: VoteBooth's own recount differed, its log says")


async def _final(api: Api, booth: str) -> Any:
    deadline = time.monotonic() + _FINAL_SECONDS
    while True:
        result = await api.call("GET", f"{booth}/results")
        if result["status"] == "final":
            return result
        if time.monotonic() > deadline:
            raise TargetError(f"a poll that was closed has no final result after {_FINAL_SECONDS:.0f} s")
        await asyncio.sleep(0.2)


async def _tally(file: Path, poll: Poll, result: Any) -> list[str]:
    """Count a file with `votewave tally`, and return the differences."""
    command = ["tally", str(file), "--json", "--method", poll.method, "--seats", str(poll.seats)]
    code, out, err = await _votewave(*command, "--seed", result["tie_break"]["seed"])
    if code:
        return [f"`votewave tally` doesn't count the export: {err}"]
    return differences(result, msgspec.json.decode(out))


async def _recount_there(data_dir: Path, poll: Poll) -> list[str]:
    """Let `votewave recount` compare a poll's counters with its ballots, and return the differences."""
    code, out, err = await _votewave("--data-dir", str(data_dir), "recount", poll.id, "--json")
    if code and not out:
        return [f"`votewave recount` fails: {err}"]
    return [str(each) for each in msgspec.json.decode(out)["differences"]]


async def _votewave(*arguments: str) -> tuple[int, bytes, str]:
    """Run a command of `votewave`; return its exit code, its output, and the end of its stderr."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.cli",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_COMMAND_SECONDS):
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return 1, b"", f"it took more than {_COMMAND_SECONDS} s"
    return process.returncode or 0, out, err.decode(errors="replace").strip()[-300:]


def differences(result: Any, counted: Any) -> list[str]:
    """Return the differences between a published result and `votewave tally --json`; options go by their labels."""
    found = []
    if result["ballots"] != counted["ballots"]:
        found.append(f"the result has {result['ballots']} ballots, the export {counted['ballots']}")
    winners, recounted = ([winner["label"] for winner in each["winners"]] for each in (result, counted))
    if winners != recounted:
        found.append(f"the result elects {', '.join(winners)}, a recount {', '.join(recounted)}")
    said, again = _tallies(result), _tallies(counted)
    for number, (one, other) in enumerate(zip(said, again, strict=False), 1):
        if one != other:
            found.append(f"round {number} has other tallies than a recount")
            break
    if len(said) != len(again):
        found.append(f"the result has {len(said)} rounds, a recount {len(again)}")
    return found


def _tallies(result: Any) -> list[dict[str, Any]]:
    label = {option["id"]: option["label"] for option in result["options"]}
    return [{label[each["option"]]: each["votes"] for each in step["tallies"]} for step in result["rounds"]]

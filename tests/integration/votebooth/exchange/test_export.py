import asyncio
import contextlib
import csv
import io
import json
import os
import random
import signal
import subprocess
import sys
from itertools import permutations
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from services.votebooth.results.render import rendered
from services.votebooth.tally import formats
from tests.conftest import eventually

from ..booth_world import a_guest, a_poll, a_user, cast, cast_many, close, shown

AWKWARD = ("=1+1", "+A", "-B|C", "@D", "\\=E", 'say "F", =G', "weight", "skipped")


async def export(client: httpx.AsyncClient, poll: str, form: str, who: dict[str, str] | None = None) -> httpx.Response:
    path = f"/v1/votebooth/polls/{poll}/export"
    return await client.get(path, params={"format": form}, headers=who or {})


def table(text: str) -> list[list[str]]:
    """Return the rows of an exported table without the lines by which it says what it is."""
    return [row for row in csv.reader(io.StringIO(text)) if not row[0].startswith("# ")]


async def a_closed_poll(
    client: httpx.AsyncClient, method: str, ballots: list[dict[str, Any]], **more: Any
) -> tuple[str, dict[str, str]]:
    owner = await a_user(client)
    poll = await a_poll(client, owner, method, **more)
    await cast_many(client, poll, ballots)
    await close(client, poll, owner)
    return poll, owner


async def test_ballots_leave_as_counts_without_voter_receipt_or_time(client: httpx.AsyncClient) -> None:
    ballots = [{"ranking": [1, 2]}] * 3 + [{"ranking": [2]}, {"abstain": True}]
    poll, _ = await a_closed_poll(client, "irv", ballots, rules={"abstain": True})
    text = (await export(client, poll, "csv")).text
    rows = table(text)
    assert rows[0] == ["rank1", "rank2", "cast", "weight"]
    assert sorted(rows[1:]) == [["", "", "abstain", "1"], ["Ada", "Bo", "marks", "3"], ["Bo", "", "marks", "1"]]
    document = (await export(client, poll, "json")).json()
    assert sorted(document) == ["ballots", "definition", "format", "result", "seed"]
    method = {"type": "irv", "seats": 1, "max_ranks": None, "allow_ties": False}
    assert document["definition"]["method"] == method
    assert sorted(json.dumps(each) for each in document["ballots"]) == sorted(
        json.dumps(each)
        for each in (
            {"choice": {"ranking": [[1], [2]]}, "cast": "marks", "count": 3},
            {"choice": {"ranking": [[2]]}, "cast": "marks", "count": 1},
            {"choice": {"abstain": True}, "cast": "abstain", "count": 1},
        )
    )
    assert document["result"] == await shown(client, poll)
    receipts = (await client.get(f"/v1/votebooth/polls/{poll}/receipts")).json()["items"]
    assert len(receipts) == 5
    for form in ("csv", "json", "blt", "preflib"):
        whole = (await export(client, poll, form)).text
        assert not any(receipt["receipt"] in whole for receipt in receipts)


async def test_the_order_of_the_file_says_nothing_about_the_order_of_voting(client: httpx.AsyncClient) -> None:
    ballots = [{"ranking": order} for order in ([1], [2], [3], [1, 2], [2, 1], [3, 1], [3, 2])]
    one, _ = await a_closed_poll(client, "irv", ballots)
    other, _ = await a_closed_poll(client, "irv", ballots[::-1])
    assert table((await export(client, one, "csv")).text) == table((await export(client, other, "csv")).text)


@pytest.mark.parametrize("method", ["irv", "score", "approval"])
async def test_no_cell_begins_like_a_formula_and_names_come_back(client: httpx.AsyncClient, method: str) -> None:
    ids = list(range(1, len(AWKWARD) + 1))
    ballot = {
        "irv": {"ranking": ids},
        "score": {"scores": {str(option): 5 for option in ids}},
        "approval": {"picks": ids},
    }[method]
    poll, _ = await a_closed_poll(client, method, [ballot], options=AWKWARD)
    answer = await export(client, poll, "csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="{poll}.csv"'
    for row in csv.reader(io.StringIO(answer.text)):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)
    election = formats.read(answer.content)
    assert election.format == ("ranks" if method == "irv" else "scores")
    assert set(election.names.values()) == set(AWKWARD)


async def test_formats_for_ranked_ballots_refuse_others(client: httpx.AsyncClient) -> None:
    poll, _ = await a_closed_poll(client, "score", [{"scores": {"1": 5}}])
    for form in ("blt", "preflib"):
        answer = await export(client, poll, form)
        assert answer.status_code == 422
        assert answer.json()["type"].endswith("/format-unfit")
    assert (await export(client, poll, "xlsx")).status_code == 400


async def test_a_large_poll_streams_all_of_its_ballots(client: httpx.AsyncClient, votewave: Any) -> None:
    """Five thousand distinct rankings: more than two pages."""
    poll, owner = await a_closed_poll(client, "stv", [{"ranking": [1, 2]}], options=tuple("ABCDEFGHIJ"), seats=3)
    orders = permutations(range(1, 11), 4)
    choices = [json.dumps({"ranking": [[o] for o in order]}, separators=(",", ":")).encode() for order in orders]
    insert = """
        INSERT INTO votebooth.patterns (poll_id, pattern_id, choice, count)
        SELECT $1, substr(sha256(choice), 1, 16), choice, 2 FROM unnest($2::bytea[]) choice
        """
    await votewave.sql(insert, UUID(poll), choices)
    ballots = 2 * len(choices) + 1
    update = "UPDATE votebooth.counters SET ballots = $2, seq = seq + 1 WHERE poll_id = $1"
    await votewave.sql(update, UUID(poll), ballots)
    for form in ("csv", "blt", "preflib"):
        content = (await export(client, poll, form, owner)).content
        election = formats.read(content, format="ranks" if form == "csv" else form)
        assert (election.ballots, len(election.rankings or ())) == (ballots, len(choices) + 1), form
    document = (await export(client, poll, "json", owner)).json()
    assert sum(each["count"] for each in document["ballots"]) == ballots
    again = formats.read((await export(client, poll, "blt")).content).count("stv", seats=3, seed=document["seed"])
    assert list(again.winners) == [winner["id"] for winner in document["result"]["winners"]]


async def test_exports_by_the_owner_are_on_record_and_only_the_owner_reads_it(client: httpx.AsyncClient) -> None:
    poll, owner = await a_closed_poll(client, "single", [{"picks": [1]}])
    for form, who in (("csv", owner), ("json", owner), ("csv", await a_guest(client)), ("csv", None)):
        assert (await export(client, poll, form, who)).status_code == 200
    path = f"/v1/votebooth/polls/{poll}/log"
    items = (await client.get(path, headers=owner)).json()["items"]
    assert [(each["act"], each["details"]) for each in items] == [
        ("export.taken", {"format": "json"}),
        ("export.taken", {"format": "csv"}),
    ]
    assert (await client.get(path)).status_code == 401
    assert (await client.get(path, headers=await a_user(client))).status_code == 404


async def counted(client: httpx.AsyncClient, who: dict[str, str], content: Any, **query: Any) -> httpx.Response:
    form = {"files": {"file": content}} if isinstance(content, tuple) else {"content": content}
    return await client.post("/v1/votebooth/count", params=query, headers=who, **form)


async def test_a_file_is_counted_as_on_the_command_line(client: httpx.AsyncClient, tmp_path: Path) -> None:
    who = await a_user(client)
    draw = random.Random(2)
    rows = [",".join(draw.sample(["Ada", "Bo", "Cy", ""], 3)) for _ in range(200)]
    content = ("rank1,rank2,rank3\n" + "\n".join(rows)).encode()
    (tmp_path / "ballots.csv").write_bytes(content)
    command = [sys.executable, "-m", "services.cli", "tally", str(tmp_path / "ballots.csv")]
    command += ["--method", "stv", "--seats", "2", "--seed", "s", "--json"]
    process = await asyncio.to_thread(subprocess.run, command, capture_output=True, check=True, timeout=60)
    for body in (content, ("ballots.csv", content, "text/csv")):
        answer = await counted(client, who, body, method="stv", seats=2, seed="s")
        assert answer.status_code == 200, answer.text
        assert answer.json() == json.loads(process.stdout)


LABELS = (
    "rank1", "2026 12 24", "10 30 Uhr", "Weight", "cast", "overvote", "Skipped", "abstain", "=1+1", "-B|C", "\\", '"',
    'say "F", =G', "two  blanks", "no\u00a0break", "# VoteWave: blt", "{", "Voter ID", "日本", "total",
)  # fmt: skip


@pytest.mark.parametrize(
    "method", ["single", "multiple", "approval", "score", "star", "irv", "stv", "schulze", "ranked_robin", "points"]
)
@pytest.mark.parametrize("anonymous", [False, True])
async def test_each_file_of_any_poll_counts_to_its_result(
    client: httpx.AsyncClient, method: str, anonymous: bool
) -> None:
    draw = random.Random(f"{method}{anonymous}")
    names = tuple(draw.sample(LABELS, draw.randint(3, 6)))
    ranked = method in {"irv", "stv", "schulze", "ranked_robin"}
    ballots = [any_ballot(draw, method, len(names)) for _ in range(draw.randint(1, 12))]
    parameters = {"seats": 2} if method == "stv" else {}
    parameters |= {"allow_ties": True} if ranked else {"max_score": 4} if method == "score" else {}
    rules = {"abstain": True, "anonymous": anonymous}
    poll, _ = await a_closed_poll(client, method, ballots, options=names, rules=rules, **parameters)
    final = await shown(client, poll)
    who = await a_user(client)
    for form in ("csv", "json", "blt", "preflib") if ranked else ("csv", "json"):
        content = (await export(client, poll, form)).content
        election = formats.read(content)
        answer = await counted(client, who, content, method=str(election.method))
        assert answer.status_code == 200, answer.text
        counts = answer.json()
        assert counts == msgspec.json.decode(msgspec.json.encode(rendered(election.count())))
        assert counts["ballots"] == len(ballots)
        polls_own = {name: counts[name] for name in ("poll", "version", "seq")}
        polls_own["tie_break"] = {
            **final["tie_break"],
            **{name: counts["tie_break"][name] for name in ("commitment", "receipts", "salt")},
        }
        assert counts == {**final, **polls_own}, form


def any_ballot(draw: random.Random, method: str, options: int) -> dict[str, Any]:
    ids = list(range(1, options + 1))
    if draw.random() < 0.2:
        return {"abstain": True}
    match method:
        case "single":
            return {"picks": [draw.choice(ids)]}
        case "multiple" | "approval":
            return {"picks": draw.sample(ids, draw.randint(1, options))}
        case "score" | "star":
            return {
                "scores": {str(option): draw.randint(0, 4) for option in draw.sample(ids, draw.randint(0, options))}
            }
        case "points":
            return {"points": {"1": 100 - (rest := draw.randint(0, 100)), "2": rest}}
        case _:
            levels = [draw.randint(0, 3) for _ in ids]
            ranks = [[option for option, level in zip(ids, levels, strict=True) if level == rank] for rank in (1, 2, 3)]
            return {"ranking": [rank for rank in ranks if rank] or [1]}


ADA = [{"id": 1, "label": "Ada"}]


async def test_a_file_whose_heading_is_quoted_is_no_json(client: httpx.AsyncClient) -> None:
    answer = await counted(client, await a_user(client), b'"Ada","Bo"\n5,3\n', method="star")
    assert answer.json()["winners"] == ADA


async def test_the_highest_score_of_the_scale_is_the_request_s(client: httpx.AsyncClient) -> None:
    who = await a_user(client)
    for query, by in (({}, "seed"), ({"max_score": 4}, "top-scores")):
        answer = await counted(client, who, b"Ada,Bo\n4,3\n2,3\n", method="star", **query)
        assert [tie["by"] for tie in answer.json()["tie_break"]["ties"]] == [by]


async def test_a_table_is_read_as_the_parameters_say(client: httpx.AsyncClient) -> None:
    content = b"Place 1;Place 2;Team\nn/a;ADA;red\nBo;n/a;blue\nada;n/a;red\n"
    more = {
        "delimiter": ";",
        "prefix": "place",
        "words": "n/a=skipped",
        "options": 'Ada,Bo,"Cy, Jr."',
        "ignore": "Team",
    }
    answer = await counted(client, await a_user(client), content, method="irv", **more)
    assert (answer.status_code, answer.json()["winners"]) == (200, ADA), answer.text
    assert [option["label"] for option in answer.json()["options"]] == ["Ada", "Bo", "Cy, Jr."]
    assert answer.json()["notes"] == ["Left out: “Team”."]
    grid = {"format": "grid", "ignore": '"Why, then?"'}
    answer = await counted(client, await a_user(client), b'Ada,Bo,"Why, then?"\n1st,2nd,so\n', method="irv", **grid)
    assert answer.json()["winners"] == ADA, answer.text
    for wrong in ({"words": "n/a=none"}, {"ignore": '"Team'}):
        answer = await counted(client, await a_user(client), content, method="irv", **{**more, **wrong})
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (422, "uncountable"), answer.text


@pytest.mark.parametrize(
    ("content", "query", "status", "where"),
    [
        (b"Ada,Bo;Cy;Di\n5,3\n", {"method": "star"}, 422, (1, 0)),
        (b"Ada,Bo\n5,x\n", {"method": "star"}, 422, (2, 2)),
        (b"Ada,Bo\n5\n", {"method": "star"}, 422, (2, 0)),
        (b"", {"method": "irv"}, 422, (0, 0)),
        (b"\xff\xfe\x00", {"method": "irv"}, 422, (1, 1)),
        (b"3 1\n1 9 0\n0\n", {"method": "stv", "format": "blt"}, 422, (2, 3)),
        (b"rank1\nAda\n", {"method": "star"}, 422, None),
        (b"rank1\nAda\n", {"method": "coin"}, 400, None),
        (b"rank1\nAda\n", {"method": "irv", "seats": 0}, 400, None),
        (b"rank1\nAda\n", {}, 400, None),
        (b"Ada,Bo\n5,6\n", {"method": "star", "max_score": 5}, 422, (2, 2)),
        (b"Ada,Bo\n5,6\n", {"method": "star"}, 422, None),
        (b"Ada,Bo\n5,6\n", {"method": "star", "max_score": 0}, 400, None),
        (",".join(f"o{n}" for n in range(300)).encode() + b"\n", {"method": "score"}, 422, None),
    ],
)
async def test_what_cannot_be_counted_is_refused_with_the_place(
    client: httpx.AsyncClient, content: bytes, query: dict[str, Any], status: int, where: tuple[int, int] | None
) -> None:
    answer = await counted(client, await a_user(client), content, **query)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    if where is not None:
        assert (answer.json()["line"], answer.json()["column"]) == where


async def test_a_file_that_is_too_large_is_refused_and_so_is_nobody(client: httpx.AsyncClient) -> None:
    who = await a_user(client)
    assert (await counted(client, who, b"rank1\n" + b"Ada\n" * 500_000, method="irv")).status_code == 413
    assert (await counted(client, {}, b"rank1\nAda\n", method="irv")).status_code == 401
    empty = await client.post("/v1/votebooth/count?method=irv", files={"other": ("a", b"x")}, headers=who)
    assert empty.status_code == 400


async def test_a_count_that_takes_long_holds_up_no_voter(client: httpx.AsyncClient, votewave: Any) -> None:
    poll = await a_poll(client, await a_user(client))
    sender, guests = await a_user(client), [await a_guest(client) for _ in range(10)]
    draw = random.Random(3)
    names = [f"N{number}" for number in range(60)]
    rows = "\n".join(",".join(draw.sample(names, 12)) for _ in range(10_000))
    content = (",".join(f"rank{number}" for number in range(1, 13)) + "\n" + rows).encode()
    counting = asyncio.create_task(counted(client, sender, content, method="stv", seats=5))

    async def counter() -> list[tuple[int, int]]:
        return children(votewave.pid, "exchange.counter")

    [(pid, nice)] = await eventually(counter)
    os.kill(pid, signal.SIGSTOP)  # a count that takes as long as we like
    try:
        again = await counted(client, sender, b"rank1\nAda\n", method="irv")
        assert (again.status_code, nice) == (429, 19)
        for guest in guests:
            await asyncio.wait_for(cast(client, poll, guest, {"picks": [1]}), 20)
        assert not counting.done()
    finally:
        os.kill(pid, signal.SIGCONT)
    assert (await counting).status_code == 200
    assert (await counted(client, sender, b"rank1\nAda\n", method="irv")).status_code == 200
    assert await counter() == []


def children(pid: int, name: str) -> list[tuple[int, int]]:
    """Return the process's children of that name, and how nice they are, once they are nice."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            named = name in stat.with_name("cmdline").read_text()
            if int(fields[1]) == pid and named and int(fields[16]):
                found.append((int(stat.parent.name), int(fields[16])))
    return found

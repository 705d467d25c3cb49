"""The ballots to cast: from real elections if their files are present, made up otherwise."""

import html
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from services.demo.polls import ballots_of, bodies
from services.votebooth.tally import TallyError
from services.votebooth.tally.formats import read
from services.votebooth.tally.formats.election import Election

from loadtests.gate.errors import GateError

_RANKED, _SCORED = "portland_2024_district1.csv", "wa_governor_2020_straw_poll_star.csv"
_METADATA = ("voterID", "voteTime", "pollID")
_MOST_BALLOTS = 20_000
_CANDIDATES, _SONGS = 12, 6


class Ballot(msgspec.Struct, frozen=True):
    """A poll's definition, and the ballots to cast in it.

    Attributes:
        name: For messages.
        definition: Of the poll, without its rules.
        ballots: Bodies of ballots as JSON, in random order.
        is_real: Whether they come from a real election.
    """

    name: str
    definition: dict[str, Any]
    ballots: list[bytes]
    is_real: bool


def elections(folder: Path, seed: int) -> list[Ballot]:
    """Return the two polls of a gate: one ranked (STV), one scored.

    Args:
        folder: Folder of real ballots; missing ones are made up.
        seed: Of the random generator.

    Raises:
        GateError: A file exists but can't be read.
    """
    dice = random.Random(seed)  # noqa: S311  (a load, not a secret)
    return [_ranked(folder, dice), _scored(folder, dice)]


def _ranked(folder: Path, dice: random.Random) -> Ballot:
    definition = {"method": {"type": "stv", "seats": 3}}
    if election := _election(folder, _RANKED):
        return _ballot("a council by ranks", definition, election, dice)
    # As in real elections, most voters agree on some candidates, few on the rest.
    weights = [1 / place for place in range(1, _CANDIDATES + 1)]
    made = []
    for _ in range(_MOST_BALLOTS // 4):
        ranked = sorted(range(1, _CANDIDATES + 1), key=lambda option: -(dice.random() ** (1 / weights[option - 1])))
        made.append({"ranking": ranked[: dice.randint(1, 6)]})
    return _made_up("a council by ranks", definition, "Candidate", _CANDIDATES, made)


def _scored(folder: Path, dice: random.Random) -> Ballot:
    definition = {"method": {"type": "score", "max_score": 5}}
    if election := _election(folder, _SCORED, _METADATA):
        return _ballot("a governor by scores", definition, election, dice)
    made = [
        {"scores": {str(song): dice.randint(song == 1, 5) for song in range(1, _SONGS + 1)}}
        for _ in range(_MOST_BALLOTS // 20)
    ]
    return _made_up("songs by scores", definition, "Song", _SONGS, made)


def _election(folder: Path, name: str, ignore: Sequence[str] = ()) -> Election | None:
    try:
        data = ballots_of(folder, name)
        return None if data is None else read(data, filename=name, ignore=ignore)
    except (OSError, TallyError) as exc:
        raise GateError(f"{folder / name} can't be read: {exc}") from exc


def _ballot(name: str, definition: dict[str, Any], election: Election, dice: random.Random) -> Ballot:
    cast = [msgspec.json.encode(body) for body in bodies(election) if "abstain" not in body]
    dice.shuffle(cast)
    options = [{"label": html.unescape(label)[:200]} for label in election.names.values()]
    return Ballot(name, {**definition, "options": options}, cast[:_MOST_BALLOTS], is_real=True)


def _made_up(name: str, definition: dict[str, Any], what: str, options: int, made: list[Any]) -> Ballot:
    labels = [{"label": f"{what} {number}"} for number in range(1, options + 1)]
    return Ballot(name, {**definition, "options": labels}, [msgspec.json.encode(body) for body in made], is_real=False)

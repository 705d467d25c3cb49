"""`votewave tally`: count a file of ballots without a server."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any, cast

import click
import msgspec

from services.votebooth.results.render import rendered
from services.votebooth.tally import (
    Duplicate,
    Elimination,
    Exhaustion,
    Method,
    Options,
    Overvote,
    PairTie,
    Quota,
    QuotaRule,
    Strength,
    Surplus,
    TallyError,
    TieBreak,
)
from services.votebooth.tally.formats import DELIMITERS, FORMATS, FormatError, listed, named, read, words_of
from services.votebooth.tally.render import to_text

MAX_FILE = 512 * 1024 * 1024
"""Bytes of a file; the count holds it in memory."""

_HELP = """Count the ballots in FILE and explain every round.

\b
Formats
  ranks     CSV, a column a rank (rank1, rank2 …), a cell a name; empty, skipped or undervote
            skips the rank; overvote, or names joined by |, is an overvote; writein is one option
  scores    CSV, a column an option, a cell a whole number, empty for 0
  grid      CSV, a column an option, a cell its rank: 1, 1st, Rank 1; never guessed
  blt       OpenSTV, OpaVote; also the tables of Scottish councils (scottish)
  preflib   soc, soi, toc, toi
  json      what VoteWave exports
In CSV a column weight, count or votes says how many such ballots there are. The format is guessed
from the file's name and content unless given. What is left out is named with the result. What
VoteWave exports says by itself what it is and how it is counted.

\b
Examples
  votewave tally export.csv
  votewave tally council.csv --method stv --seats 3
  votewave tally poll.csv --method star --ignore voterID,voteTime,pollID --json
  votewave tally survey.csv --method irv --format grid --ignore "Why, in your words?,Team"
  votewave tally excel.csv --method irv --delimiter ";" --prefix "Wahl "
  votewave tally cast.csv --method irv --words "n/a=skipped,XX=overvote,writein=skipped"
  votewave tally ward.blt --method stv --decimals 5 --ties backwards --options candidates.txt
  votewave tally ranks.csv --method irv --overvote exhaust --max-skipped 1 --seed 2024-11-05

\b
Ties that the rules don't break are broken by the ascending order of
SHA-256(seed, a zero byte, option name): earlier wins, later is eliminated first.

\b
Exit codes
  0  counted
  2  the command or the file is wrong; the message names line and column
"""


def _choice(kind: type[StrEnum]) -> click.Choice[str]:
    return click.Choice([str(value) for value in kind])


@click.command(help=_HELP, context_settings={"max_content_width": 100})
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--method", type=_choice(Method), help="How to count.  [default: what the file says]")
@click.option("--seats", type=click.IntRange(1, 1000), help="Options to elect.  [default: the file's, or 1]")
@click.option("--format", "format_", type=click.Choice(FORMATS), help="The file's format.")
@click.option("--prefix", default="rank", show_default=True, help="What stands before the number of a column of ranks.")
@click.option("--ignore", default="", metavar="COLUMN,…", help="Columns of CSV to leave out, quoted if need be.")
@click.option(
    "--delimiter", type=click.Choice(list(DELIMITERS)), help="What separates columns of CSV.  [default: a comma]",
)  # fmt: skip
@click.option(
    "--words", default="", metavar="WORD=MEANING,…",
    help="Words in cells of CSV: skipped, overvote, writein, total (no ballot), or name (an option).",
)  # fmt: skip
@click.option(
    "--options", "names", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
    help="The options there are, a name a line; a ballot that names another one is an error.",
)  # fmt: skip
@click.option(
    "--max-score", type=click.IntRange(1), help="Highest score of the scale.  [default: the file's, 5 in STAR, or any]"
)
@click.option(
    "--overvote", type=_choice(Overvote), default="skip", show_default=True,
    help="Several options at one rank: skip the rank, end the ballot there, or void it.",
)  # fmt: skip
@click.option(
    "--duplicate", type=_choice(Duplicate), default="skip", show_default=True,
    help="An option ranked again: skip the repeat, end the ballot there, or void it.",
)  # fmt: skip
@click.option(
    "--max-skipped", type=click.IntRange(0), metavar="N",
    help="Skipped ranks in a row that a ballot survives; one more ends it.  [default: any number]",
)  # fmt: skip
@click.option("--quota", type=_choice(Quota), default="droop", show_default=True, help="Quota of STV.")
@click.option(
    "--quota-rule", type=_choice(QuotaRule), default="static", show_default=True,
    help="Compute it once, or each round from the votes still held.",
)  # fmt: skip
@click.option(
    "--elimination", type=_choice(Elimination), default="single", show_default=True,
    help="Eliminate the lowest option, or all that together can't catch up.",
)  # fmt: skip
@click.option(
    "--surplus", type=_choice(Surplus), default="largest", show_default=True,
    help="Transfer the largest surplus a round, or all.",
)  # fmt: skip
@click.option(
    "--exhaustion", type=_choice(Exhaustion), default="share", show_default=True,
    help="Exhausted ballots take their share of a surplus out, or stay with the elected option.",
)  # fmt: skip
@click.option(
    "--decimals", type=click.IntRange(0, 30), metavar="N",
    help="Places a transferred ballot's value keeps (Scotland: 5).  [default: exact]",
)  # fmt: skip
@click.option(
    "--ties", type=_choice(TieBreak), default="seed", show_default=True,
    help="What IRV and STV try before the seeded order: nothing, or earlier rounds.",
)  # fmt: skip
@click.option(
    "--strength", type=_choice(Strength), default="winning-votes", show_default=True,
    help="Strength of a victory in Schulze.",
)  # fmt: skip
@click.option(
    "--pair-tie", type=_choice(PairTie), default="half", show_default=True,
    help="Worth of an even match in ranked robin.",
)  # fmt: skip
@click.option("--seed", help="Seed of the order that breaks ties.  [default: the file's, or empty]")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, with exact numbers.")
def tally(
    *,
    file: Path,
    method: str | None,
    seats: int | None,
    format_: str | None,
    prefix: str,
    ignore: str,
    delimiter: str | None,
    words: str,
    names: Path | None,
    max_score: int | None,
    seed: str | None,
    as_json: bool,
    **rules: object,
) -> None:
    """Count the ballots in FILE and explain every round."""
    try:
        data = _bytes(file)
        election = read(
            data,
            format=format_,
            filename=file.name,
            prefix=prefix,
            ignore=named(ignore),
            delimiter=delimiter,
            words=words_of(words),
            options=None if names is None else _listed(names),
            top=max_score,
        )
        options = Options(**cast("dict[str, Any]", rules))
        result = election.count(method, seats=seats, options=options, seed=seed, top=max_score)
    except (TallyError, OSError) as error:
        raise _Refused(f"{file}: {error}") from None
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(rendered(result)), indent=2).decode())
    else:
        click.echo(to_text(result), nl=False)


def _listed(file: Path) -> list[str]:
    try:
        return listed(_bytes(file))
    except FormatError as error:
        raise _Refused(f"{file}: {error}") from None


def _bytes(file: Path) -> bytes:
    with file.open("rb") as stream:
        data = stream.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise FormatError(f"the file is larger than {MAX_FILE // 2**20} MiB")
    return data


class _Refused(click.ClickException):
    """The file or the request can't be counted."""

    exit_code = 2

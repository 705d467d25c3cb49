"""Which columns of a table are options, where each option has one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from services.votebooth.tally.formats.headings import is_aside, unescaped
from services.votebooth.tally.formats.hints import ignoring
from services.votebooth.tally.formats.names import MAX_OPTIONS, alike, fold
from services.votebooth.tally.formats.rows import Rows
from services.votebooth.tally.formats.source import shown

_SEVERAL = "the columns are of several questions; leave all but one out"
_BRACKETED = re.compile(r"(?s)(.*?)\[([^\[\]]+)\]")


def bracketed(heading: str) -> tuple[str, str]:
    """Split a heading of a survey tool, such as `Rank them [Ada]`, into the question and the answer."""
    match = _BRACKETED.fullmatch(heading)
    return (match[1].strip(), match[2].strip()) if match and match[1].strip() else ("", heading)


def options_of(rows: Rows, options: Sequence[str] | None, *, grid: bool = False) -> tuple[dict[int, str], list[int]]:
    """Return where the options stand, with their names, and the columns that are left out if they are none.

    Args:
        rows: The table.
        options: The options there are. None: those of the headings.
        grid: Whether headings are those of a survey's grid: an option stands in brackets behind the question.

    Raises:
        FormatError: Two columns are one option, a column is none of `options`, or one of these has no column.
    """
    spelt = None if options is None else {fold(name): name for name in options}
    found = {index: unescaped(rows.header[index]) for index in rows.candidates}
    answers = _answers(rows) if grid else {}
    if not grid and spelt is None:
        _refuse_two_questions(rows)
    names = answers or {index: name for index, name in found.items() if not _is_aside(rows, index, name, spelt)}
    doubtful = [index for index in found if index not in names]
    if answers:
        doubtful = [index for index in doubtful if not is_aside(rows.header[index])]
    if not names:
        raise rows.refused("no column is an option")
    if len(names) > MAX_OPTIONS:
        raise rows.refused(f"there are {len(names)} options; {MAX_OPTIONS} are allowed", list(names)[MAX_OPTIONS])
    seen: dict[str, str] = {}
    for index, name in names.items():
        key = fold(name)
        if key in seen:
            raise rows.refused(alike(name, seen[key]), index)
        seen[key] = name
        if spelt is not None and key not in spelt:
            raise rows.refused(f"“{shown(name)}” is no option of the list", index)
    if spelt is None:
        return names, doubtful
    missing = [name for key, name in spelt.items() if key not in seen]
    if missing:
        raise rows.refused(f"the file has no option “{shown(missing[0])}” of the list")
    return {index: spelt[fold(name)] for index, name in names.items()}, []


def _is_aside(rows: Rows, index: int, name: str, spelt: Mapping[str, str] | None) -> bool:
    """Return whether a column is probably no option: it isn't marked as one, nor on the list."""
    return name == rows.header[index] and is_aside(name) and (spelt is None or fold(name) not in spelt)


def _refuse_two_questions(rows: Rows) -> None:
    """Refuse scores of several questions: one answer stands in brackets behind two of them."""
    first: dict[str, str] = {}
    for index in rows.candidates:
        question, answer = bracketed(rows.header[index])
        if question and fold(first.setdefault(fold(answer), question)) != fold(question):
            second = [each for each in rows.candidates if bracketed(rows.header[each])[0] == question]
            raise rows.refused(f"{_SEVERAL}: {ignoring(rows.header[each] for each in second)}", index)


def _answers(rows: Rows) -> dict[int, str]:
    """Return the columns with an answer in brackets, if several have one.

    Raises:
        FormatError: They are of several questions.
    """
    questions: dict[str, dict[int, str]] = {}
    for index in rows.candidates:
        question, answer = bracketed(rows.header[index])
        if question:
            questions.setdefault(fold(question), {})[index] = answer
    if len(questions) > 1:
        _, second, *_ = questions.values()
        raise rows.refused(f"{_SEVERAL}: {ignoring(rows.header[index] for index in second)}", next(iter(second)))
    answers = next(iter(questions.values()), {})
    return answers if len(answers) > 1 else {}

"""Edits: what a request changes, and what may still be changed.

A poll's method, parameters, the set of its options and its rules are locked when it opens. Its words (title,
description, an option's description and link) may be mended until the first ballot, which VoteBooth says
(`votebooth.hold_for`), and where a minimum hides whether there is one, until it opens. Then only its end may move, and
after it nothing changes.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Any, cast

import msgspec
from msgspec import UNSET

from services.core.problems import FieldError, Problem, conflict
from services.core.refusals import Refusals
from services.core.text import fold
from services.polls import definition as definitions
from services.polls import differences, method_schemas, texts
from services.polls.definition import Definition, Rules, with_rules
from services.polls.methods import PARAMETERS, Given, Method, Status, given_of
from services.polls.models import Poll
from services.polls.schemas import OptionEdit, OptionNew, PollEdit

SETTLE = timedelta(seconds=2)
"""So long before a moment that decides something, it can't be changed any more: the change has to reach
every service first, or ballots would be taken, or results shown, under what no longer holds."""

_METHOD = frozenset({"method", *PARAMETERS})
_WORDS = frozenset({"title", "description", "option_texts"})
_MENDABLE: dict[Status, frozenset[str]] = {
    Status.OPEN: _WORDS | {"closes_at", "time_zone", "listing"},
    Status.CLOSED: frozenset(),
    Status.ARCHIVED: frozenset(),
}
_RULES = frozenset(Rules.__struct_fields__)
_LOCKED = "is locked"
_NAMED = 10
"""How many of what is locked a sentence names; `errors` names all, or the first of very many."""

_HIDES_NOTHING = 1
"""A minimum up to this. Above it nobody may know whether somebody has voted, the owner neither, and a refusal would
tell."""


def current(poll: Poll) -> Definition:
    """Return a poll's definition as it is stored."""
    return Definition(
        title=poll.title,
        description=poll.description,
        method=Method(poll.method),
        options=[msgspec.convert(option, OptionNew) for option in poll.options],
        given=given_of(poll),
        random_order=poll.random_order,
        rules=msgspec.convert(poll, Rules, from_attributes=True),
    )


def wanted(
    poll: Poll, edit: PollEdit, now: datetime, found: Refusals, new: AbstractSet[str] = texts.NAMES
) -> dict[str, Any]:
    """Return the values, by column, that an edit would change; empty if all stays.

    Args:
        poll: The poll.
        edit: What to change.
        now: The moment.
        found: What was refused so far.
        new: Which texts of the edit are still to be cleaned.

    Raises:
        Problem: 422 if the outcome isn't a good poll.
    """
    before = current(poll)
    names = ("title", "description", "options", "random_order")
    replaced = {name: value for name in names if (value := getattr(edit, name)) is not UNSET}
    for name, default in (("description", ""), ("random_order", False)):
        if replaced.get(name, default) is None:
            replaced[name] = default
    method, given = _method(before, edit)
    after = msgspec.structs.replace(
        before,
        **replaced,
        method=method,
        given=given,
        rules=with_rules(before.rules, edit.rules) if edit.rules is not UNSET else before.rules,
    )
    after = definitions.clean(found, after, before.rules, new & replaced.keys())
    values = columns(after)
    if edit.options is not UNSET:
        # Those of the edit, which `checked` has cleaned.
        values["options"], values["next_option"] = _options(found, poll, cast("Sequence[OptionEdit]", after.options))
    for name in ("opens_at", "closes_at"):
        if (moment := getattr(edit, name)) is not UNSET:
            values[name] = definitions.utc(found, name, moment)
    if edit.time_zone is not UNSET:
        values["time_zone"] = definitions.zone(found, edit.time_zone)
    if found.errors and (edit.opens_at or edit.closes_at):  # where nothing else is wrong, they come after the locks
        times = (values.get(name, getattr(poll, name)) for name in ("opens_at", "closes_at"))
        definitions.refuse_times(found, now, *times)
    found.check()
    return {name: value for name, value in values.items() if value != getattr(poll, name)}


def _method(before: Definition, edit: PollEdit) -> tuple[Method, Given]:
    """Return a poll's method and its parameters after an edit; those of another method don't outlive it."""
    if edit.method is UNSET:
        return before.method, before.given
    method = method_schemas.type_of(edit.method)
    if method is not before.method:
        return method, method_schemas.given_by(edit.method)
    given = method_schemas.given_by(edit.method, before.given)
    # To send back a default that was shown isn't a change, though it wasn't given before.
    same = method_schemas.view(method, given) == method_schemas.view(method, before.given)
    return method, before.given if same else given


def columns(definition: Definition) -> dict[str, Any]:
    """Return a definition's values by column, options apart."""
    return {
        "title": definition.title,
        "description": definition.description,
        "method": definition.method,
        "random_order": definition.random_order,
        **msgspec.structs.asdict(definition.given),
        **msgspec.structs.asdict(definition.rules),
    }


def _options(found: Refusals, poll: Poll, options: Sequence[OptionEdit]) -> tuple[list[dict[str, Any]], int]:
    """Return a poll's options after an edit, and the id that the next new one will have.

    An id stays with its option from the first draft on, and is never given to another. Whoever names an option by id
    or label and leaves something out leaves it as it is. Refused are an id that isn't one of the poll's, a new option
    without a label, and a label that an option has already which keeps its own.
    """
    refused = {error.field for error in found.errors}
    by_id = {option["id"]: option for option in poll.options}
    claimed = {option.id for option in options}
    by_label = {fold(option["label"]): option for option in poll.options if option["id"] not in claimed}
    following = poll.next_option
    places: dict[str, int] = {}
    numbered: list[dict[str, Any]] = []
    for index, option in enumerate(options):
        before = by_label.get(fold(option.label)) if option.label is not UNSET else None
        if isinstance(option.id, int):
            before = by_id.get(option.id)
            if before is None:
                found.add(f"options.{index}.id", "isn't one of this poll's")
                continue
        elif option.label is UNSET:
            found.add(f"options.{index}.label", "is needed where there is no id")
            continue
        if before is None:
            before, following = {"id": following, "description": "", "link": None}, following + 1
        after = {**before, **_given(option)}
        first = places.setdefault(fold(after["label"]), index)
        if first != index and not refused & {f"options.{index}.{name}" for name in ("id", "label")}:
            found.add(f"options.{index}.label", f"is the same as options.{first}")
        numbered.append(after)
    return numbered, following


def _given(option: OptionEdit) -> dict[str, Any]:
    """Return what an edit says of an option, by the names under which it is stored; null empties a text."""
    given = {name: value for name in ("label", "description", "link") if (value := getattr(option, name)) is not UNSET}
    if option.description is None:
        given["description"] = ""
    return given


def touched(poll: Poll, values: dict[str, Any]) -> set[str]:
    """Return what an edit changes, in the words of the rules for edits."""
    names = {"method" if name in PARAMETERS else name for name in values} - {"next_option"}
    if "options" in names and [(o["id"], o["label"]) for o in values["options"]] == [
        (o["id"], o["label"]) for o in poll.options
    ]:
        names = names - {"options"} | {"option_texts"}
    return names


def paths(poll: Poll, edit: PollEdit, values: dict[str, Any], names: AbstractSet[str]) -> list[str]:
    """Return where an edit has what it touches: `rules.listing`, `options.3.link`. What only follows isn't there."""
    found = {name for name in names if name in PollEdit.__struct_fields__}
    if edit.rules is not UNSET and names & _RULES:
        given = {f"rules.{name}" for name in names & _RULES if getattr(edit.rules, name) is not UNSET}
        found |= given or {"rules"}
    if "option_texts" in names:
        pairs = enumerate(zip(poll.options, values["options"], strict=True))
        texts_of = ("description", "link")
        found |= {f"options.{at}.{name}" for at, (old, new) in pairs for name in texts_of if old[name] != new[name]}
    return sorted(found)


def check(poll: Poll, edit: PollEdit, values: dict[str, Any], status: Status, now: datetime) -> None:
    """Refuse a change that comes too late.

    Raises:
        Problem: 409 `locked` or `irreversible`.
    """
    if status is Status.DRAFT:
        return
    names = touched(poll, values)
    if values.get("anonymous") is False:
        problem = conflict("irreversible", "An anonymous poll stays anonymous once it is published.")
        problem.errors = (FieldError("rules.anonymous", "can't be taken back"),)
        raise problem
    allowed = _MENDABLE.get(status)
    if status is Status.SCHEDULED and poll.opens_at is not None and poll.opens_at - now < SETTLE:
        allowed = _MENDABLE[Status.OPEN]
    if allowed is None:
        return
    if poll.minimum > _HIDES_NOTHING:
        allowed -= _WORDS
    if late := names - allowed:
        raise _locked(status, paths(poll, edit, values, late))
    if "closes_at" in names and poll.closes_at is not None and poll.closes_at - now < SETTLE:
        problem = conflict("locked", f"closes_at can't be moved in the last {SETTLE.seconds} seconds.")
        problem.errors = (FieldError("closes_at", _LOCKED),)
        raise problem


def asked(poll: Poll, edit: PollEdit, values: dict[str, Any]) -> list[str]:
    """Return where an edit changes the question: the words that voters answer, and the options."""
    return paths(poll, edit, values, touched(poll, values) & (_WORDS | {"options"}))


def may_have_ballots(poll: Poll, status: Status, now: datetime) -> bool:
    """Say whether ballots may have been cast, or may be before a change has reached every service."""
    soon = poll.opens_at is not None and poll.opens_at - now < SETTLE
    return status is Status.OPEN or (status is Status.SCHEDULED and soon)


def voted(where: list[str]) -> Problem:
    """409 `locked`: somebody has voted on the question as it is."""
    return _refused("Somebody has voted", where)


def _locked(status: Status, where: list[str]) -> Problem:
    said = {
        Status.SCHEDULED: f"It opens within {SETTLE.seconds} seconds",
        Status.OPEN: "Voting has begun",
        Status.CLOSED: "Voting is over",
        Status.ARCHIVED: "It is archived",
    }[status]
    return _refused(said, where)


def _refused(said: str, where: list[str]) -> Problem:
    found = Refusals("locked")
    for path in where:
        found.add(path, _LOCKED)
    more = f" and {len(where) - _NAMED} more" if len(where) > _NAMED else ""
    named = ", ".join(where[:_NAMED]) + more
    problem = conflict("locked", f"{said}, so {named} can't be changed. Duplicate the poll instead.")
    problem.errors = found.problem().errors
    return problem


def loggable(poll: Poll, values: dict[str, Any]) -> dict[str, Any]:
    """Return what the audit log keeps of an edit: old and new values; of what is long, in few bytes how it differs."""
    kept: dict[str, Any] = {}
    for name, value in values.items():
        if name == "next_option" or name in _METHOD:
            continue
        if name == "description":
            kept[name] = {"changed": True}
        elif name == "options":
            kept[name] = differences.of_options(poll.options, value)
        else:
            kept[name] = {"from": msgspec.to_builtins(getattr(poll, name)), "to": msgspec.to_builtins(value)}
    if changed := {name: value for name, value in values.items() if name in _METHOD}:
        before = {name: getattr(poll, name) for name in _METHOD}
        kept["method"] = {"from": _shown(**before), "to": _shown(**{**before, **changed})}
    return kept


def _shown(*, method: str, **given: Any) -> Any:
    return msgspec.to_builtins(method_schemas.view(method, Given(**given)))

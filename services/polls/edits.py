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
    Status.OPEN: _WORDS | {"closes_at", "listing"},
    Status.CLOSED: frozenset(),
    Status.ARCHIVED: frozenset(),
}
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


def wanted(poll: Poll, edit: PollEdit, new: AbstractSet[str] = texts.NAMES) -> dict[str, Any]:
    """Return the values, by column, that an edit would change; empty if all stays.

    Args:
        poll: The poll.
        edit: What to change.
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
    after = definitions.checked(after, before.rules, new & replaced.keys())
    values = columns(after)
    if edit.options is not UNSET:
        # Those of the edit, which `checked` has cleaned.
        values["options"], values["next_option"] = _options(poll, cast("Sequence[OptionEdit]", after.options))
    for name in ("opens_at", "closes_at"):
        if (moment := getattr(edit, name)) is not UNSET:
            values[name] = definitions.utc(name, moment)
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


def _options(poll: Poll, options: Sequence[OptionEdit]) -> tuple[list[dict[str, Any]], int]:
    """Return a poll's options after an edit, and the id that the next new one will have.

    An id stays with its option from the first draft on, and is never given to another. Whoever names an option by id
    or label and leaves something out leaves it as it is.

    Raises:
        Problem: 422 if an id isn't one of the poll's, a new option has no label, or two have the same.
    """
    found = Refusals(texts.SLUG)
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
        if (first := places.setdefault(fold(after["label"]), index)) != index:
            found.add(f"options.{index}.label", f"is the same as options.{first}")
        numbered.append(after)
    found.check()
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


def check(poll: Poll, values: dict[str, Any], status: Status, now: datetime) -> None:
    """Refuse a change that comes too late.

    Raises:
        Problem: 409 `locked` or `irreversible`.
    """
    if status is Status.DRAFT:
        return
    names = touched(poll, values)
    if values.get("anonymous") is False:
        raise conflict("irreversible", "An anonymous poll stays anonymous once it is published.")
    allowed = _MENDABLE.get(status)
    if status is Status.SCHEDULED and poll.opens_at is not None and poll.opens_at - now < SETTLE:
        allowed = _MENDABLE[Status.OPEN]
    if allowed is None:
        return
    if poll.minimum > _HIDES_NOTHING:
        allowed -= _WORDS
    if late := sorted(names - allowed):
        raise _locked(status, late)
    if "closes_at" in names and poll.closes_at is not None and poll.closes_at - now < SETTLE:
        raise conflict("locked", f"closes_at can't be moved in the last {SETTLE.seconds} seconds.")


def asked(poll: Poll, values: dict[str, Any]) -> list[str]:
    """Return what of the question an edit changes: the words that voters answer, and the options."""
    return sorted(touched(poll, values) & (_WORDS | {"options"}))


def may_have_ballots(poll: Poll, status: Status, now: datetime) -> bool:
    """Say whether ballots may have been cast, or may be before a change has reached every service."""
    soon = poll.opens_at is not None and poll.opens_at - now < SETTLE
    return status is Status.OPEN or (status is Status.SCHEDULED and soon)


def voted(names: list[str]) -> Problem:
    """409 `locked`: somebody has voted on the question as it is."""
    return _refused("Somebody has voted", names)


def _locked(status: Status, names: list[str]) -> Problem:
    said = {
        Status.SCHEDULED: f"It opens within {SETTLE.seconds} seconds",
        Status.OPEN: "Voting has begun",
        Status.CLOSED: "Voting is over",
        Status.ARCHIVED: "It is archived",
    }[status]
    return _refused(said, names)


def _refused(said: str, names: list[str]) -> Problem:
    problem = conflict("locked", f"{said}, so {', '.join(names)} can't be changed. Duplicate the poll instead.")
    problem.errors = tuple(FieldError(name, "is locked") for name in names)
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

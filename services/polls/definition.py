"""A poll's definition: what may stand in it, and how a request becomes one.

Every field that breaks a rule is found before anything is refused, so that a person mends a poll once.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from services.core.refusals import Refusals
from services.core.zones import is_zone
from services.polls import method_schemas, schemas, texts
from services.polls.methods import (
    STAR_SCORE,
    STRENGTHS,
    TAKES,
    Eligibility,
    Given,
    Listing,
    Method,
    Strength,
    Visibility,
)
from services.polls.schemas import OptionEdit, OptionNew, PollNew, RulesNew

_WITH_ACCOUNTS = frozenset({Eligibility.SIGNED_IN, Eligibility.FOLLOWERS})


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """The rules, with every default in place."""

    listing: Listing = Listing.PUBLIC
    results: Visibility = Visibility.ALWAYS
    minimum: int = 0
    eligibility: Eligibility = Eligibility.SIGNED_IN
    strength: Strength = Strength.ACCOUNT
    anonymous: bool = False
    change: bool = True
    withdraw: bool = True
    abstain: bool = False
    quorum: int | None = None

    @property
    def is_loose(self) -> bool:
        """Whether a ballot can't be changed and yet can: withdrawn, and cast anew. Polls of earlier releases may."""
        return self.withdraw and not self.change


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """A poll's definition. `checked` cleans it or refuses it; times are apart, since they need a clock."""

    title: str
    description: str
    method: Method
    options: Sequence[OptionNew | OptionEdit]
    given: Given
    random_order: bool
    rules: Rules


def from_request(found: Refusals, body: PollNew) -> Definition:
    """Return the definition that a request asks for; of it nothing is checked but that we number the options."""
    for index, option in enumerate(body.options):
        if option.id is not None:
            found.add(f"options.{index}.id", "is for edits")
    return Definition(
        title=body.title,
        description=body.description,
        method=method_schemas.type_of(body.method),
        options=body.options,
        given=method_schemas.given_by(body.method),
        random_order=body.random_order,
        rules=with_rules(Rules(), body.rules),
    )


def with_rules(rules: Rules, new: RulesNew) -> Rules:
    """Return rules with those replaced that are given.

    A new eligibility brings its own strength, and where ballots may no longer be changed they may no longer be
    withdrawn, unless the request says otherwise. Null takes a default back.
    """
    values = {name: value for name in Rules.__struct_fields__ if (value := getattr(new, name)) is not UNSET}
    values |= {name: getattr(Rules(), name) for name, value in values.items() if value is None}
    if new.strength is None:
        values["strength"] = STRENGTHS[values.get("eligibility", rules.eligibility)][0]
    if new.withdraw is None:
        values["withdraw"] = values.get("change", rules.change)
    if "eligibility" in values and "strength" not in values and values["eligibility"] != rules.eligibility:
        values["strength"] = STRENGTHS[values["eligibility"]][0]
    if values.get("change") is False:
        values.setdefault("withdraw", False)
    return msgspec.structs.replace(rules, **values)


def checked(body: PollNew) -> Definition:
    """Return the definition that a request asks for, with its texts cleaned.

    Raises:
        Problem: 422 that names every refused field.
    """
    found = Refusals(texts.SLUG)
    definition = clean(found, from_request(found, body))
    found.check()
    return definition


def clean(
    found: Refusals, draft: Definition, before: Rules | None = None, new: AbstractSet[str] = texts.NAMES
) -> Definition:
    """Return a definition with its texts cleaned; it is good if nothing was refused.

    Args:
        found: What is refused.
        draft: The definition as it is wanted.
        before: The rules that it has by now, in an edit.
        new: Which of its texts are to be cleaned. Those that are stored were, when they came: who mends a word in a
            title doesn't have 500 options looked through.
    """
    cleaned = {name: cleaner(found, getattr(draft, name)) for name, cleaner in texts.CLEAN.items() if name in new}
    _parameters(found, draft.method, len(draft.options), draft.given)
    _rules(found, draft.rules)
    if draft.rules.is_loose and not (before is not None and before.is_loose):
        found.add("rules.withdraw", "must be false where change is: who withdraws could cast another ballot")
    return msgspec.structs.replace(draft, **cleaned)


def _parameters(found: Refusals, method: Method, options: int, given: Given) -> None:
    takes = TAKES[method]
    # Without a sensible number of options, limits that depend on it would only confuse.
    count = options if schemas.MIN_OPTIONS <= options <= schemas.MAX_OPTIONS else schemas.MAX_OPTIONS
    if "seats" in takes and given.seats is not None:
        most = 1 if method is Method.IRV else count - 1
        if not 1 <= given.seats <= most:
            found.add("method.seats", "must be 1; for more seats use stv" if most == 1 else f"must be from 1 to {most}")
    if "min_picks" in takes:
        found.number("method.max_picks", given.max_picks, 1, count)
        found.number("method.min_picks", given.min_picks, 1, min(count, given.max_picks or count))
    if "max_score" in takes:
        least = STAR_SCORE if method is Method.STAR else 1
        most = STAR_SCORE if method is Method.STAR else method_schemas.MAX_SCORE
        found.number("method.max_score", given.max_score, least, most)
    if "points" in takes:
        found.number("method.points", given.points, 1, method_schemas.MAX_POINTS)
    if "max_ranks" in takes:
        found.number("method.max_ranks", given.max_ranks, 1, count)


def _rules(found: Refusals, rules: Rules) -> None:
    found.number("rules.minimum", rules.minimum, 0, schemas.MAX_MINIMUM)
    found.number("rules.quorum", rules.quorum, 1, schemas.MAX_QUORUM)
    allowed = STRENGTHS[rules.eligibility]
    if rules.strength not in allowed:
        found.add("rules.strength", f"with eligibility {rules.eligibility} must be {' or '.join(allowed)}")
    if rules.listing is Listing.FOLLOWERS and rules.eligibility not in _WITH_ACCOUNTS:
        found.add("rules.eligibility", "must be signed_in or followers where listing is followers: only they see it")
    if rules.minimum > 1 and rules.results is Visibility.OWNER:
        found.add("rules.minimum", "says nothing where only the owner sees results")


def utc(found: Refusals, field: str, moment: datetime | None) -> datetime | None:
    """Return a moment in UTC; refuse it if it has no offset or lies outside of the calendar."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        found.add(field, "needs an offset, such as Z or +02:00")
        return None
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        found.add(field, "lies outside of the calendar")
        return None


def zone(found: Refusals, name: str | UnsetType | None) -> str | None:
    """Return a time zone's name; refuse one that the IANA database doesn't have."""
    if name is UNSET or name is None:
        return None
    if not is_zone(name):
        found.add("time_zone", "must be a time zone of the IANA database, such as Europe/Riga")
    return name


def refuse_times(found: Refusals, now: datetime, opens_at: datetime | None, closes_at: datetime | None) -> None:
    """Refuse an end that isn't after the beginning and after now; both are in UTC."""
    if closes_at is not None and closes_at <= now:
        found.add("closes_at", "is past")
    elif closes_at is not None and opens_at is not None and closes_at <= opens_at:
        found.add("closes_at", "must be after opens_at")


def check_times(now: datetime, opens_at: datetime | None, closes_at: datetime | None) -> None:
    """Refuse an end that isn't after the beginning and after now, where nothing else was refused.

    Raises:
        Problem: 422.
    """
    found = Refusals(texts.SLUG)
    refuse_times(found, now, opens_at, closes_at)
    found.check()


def numbered(options: Sequence[OptionNew | OptionEdit]) -> list[dict[str, Any]]:
    """Return a new poll's options as they are stored, numbered from 1."""
    return [
        {"id": number, "label": option.label, "description": option.description, "link": option.link}
        for number, option in enumerate(options, 1)
    ]

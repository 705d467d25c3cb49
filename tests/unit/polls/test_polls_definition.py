"""What a poll may be: methods and their parameters, rules that go together, texts."""

import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.core.problems import Problem
from services.core.refusals import Refusals
from services.core.text import fold
from services.polls import definition as definitions
from services.polls.methods import PARAMETERS, TAKES, Given, Method, effective
from services.polls.schemas import MAX_OPTIONS, PollNew


def body(**values: Any) -> PollNew:
    base: dict[str, Any] = {"title": "Lunch?", "method": {"type": "single"}, "options": options(3)}
    return msgspec.convert({**base, **values}, PollNew)


def options(count: int) -> list[dict[str, str]]:
    return [{"label": f"Option {number}"} for number in range(1, count + 1)]


def check(**values: Any) -> definitions.Definition:
    return definitions.checked(body(**values))


def refused(**values: Any) -> set[str]:
    with pytest.raises(Problem) as caught:
        check(**values)
    assert caught.value.status == 422
    assert caught.value.slug == "poll-refused"
    return {error.field for error in caught.value.errors}


GOOD = {
    "seats": {"stv": (1, 2), "irv": (1,)},
    "min_picks": {"multiple": (1, 3)},
    "max_picks": {"multiple": (1, 3)},
    "max_score": {"score": (1, 5, 10), "star": (5,)},
    "points": {"points": (1, 100, 10_000)},
    "max_ranks": dict.fromkeys(("irv", "stv", "schulze", "ranked_robin"), (1, 3)),
    "allow_ties": dict.fromkeys(("irv", "stv", "schulze", "ranked_robin"), (True, False)),
}
BAD = {
    "seats": {"stv": (0, -1, 3, 10**30), "irv": (0, 2)},
    "min_picks": {"multiple": (0, 4)},
    "max_picks": {"multiple": (0, 4)},
    "max_score": {"score": (0, 11), "star": (4, 10)},
    "points": {"points": (0, 10_001)},
    "max_ranks": dict.fromkeys(("irv", "stv", "schulze", "ranked_robin"), (0, 4)),
}
A_VALUE: dict[str, Any] = {**dict.fromkeys(PARAMETERS, 1), "allow_ties": False}


def cases(table: dict[str, dict[str, tuple[Any, ...]]]) -> list[tuple[str, str, Any]]:
    return [(m, p, v) for p, methods in table.items() for m, values in methods.items() for v in values]


@pytest.mark.parametrize(("method", "parameter", "value"), cases(GOOD))
def test_a_method_takes_its_parameters(method: str, parameter: str, value: Any) -> None:
    assert getattr(check(method={"type": method, parameter: value}).given, parameter) == value


@pytest.mark.parametrize(("method", "parameter", "value"), cases(BAD))
def test_a_parameter_outside_of_its_range_is_named(method: str, parameter: str, value: Any) -> None:
    assert refused(method={"type": method, parameter: value}) == {f"method.{parameter}"}


@pytest.mark.parametrize(("method", "parameter"), [(m, p) for m in Method for p in PARAMETERS if p not in TAKES[m]])
def test_a_parameter_of_another_method_is_named(method: Method, parameter: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=f"unknown field `{parameter}`"):
        check(method={"type": str(method), parameter: A_VALUE[parameter]})


@pytest.mark.parametrize("method", Method)
def test_every_method_works_without_parameters(method: Method) -> None:
    found = effective(method, 3, check(method={"type": str(method)}).given)
    picks = {"single": (1, 1), "multiple": (1, 3), "approval": (1, 3)}.get(method, (0, 0))
    assert (found.min_picks, found.max_picks) == picks
    assert found.max_score == (5 if method in {"score", "star"} else 0)
    assert found.points == (100 if method == "points" else 0)
    assert found.allow_ties == (method in {"schulze", "ranked_robin"})
    assert (found.seats, found.max_ranks) == (1, None)


def test_max_picks_follows_the_number_of_options_unless_given() -> None:
    assert effective(Method.MULTIPLE, 7, Given()).max_picks == 7
    assert effective(Method.MULTIPLE, 7, Given(max_picks=2)).max_picks == 2


def test_min_picks_over_max_picks_is_named() -> None:
    assert refused(method={"type": "multiple", "min_picks": 3, "max_picks": 2}) == {"method.min_picks"}


@pytest.mark.parametrize(
    ("eligibility", "strength", "good"),
    [
        ("anyone", "account", False),
        ("anyone", "guest", True),
        ("anyone", "network", True),
        ("signed_in", "account", True),
        ("signed_in", "guest", False),
        ("signed_in", "network", False),
        *((e, s, True) for e in ("roll", "tokens") for s in ("account", "guest", "network")),
    ],
)
def test_strength_goes_with_eligibility(eligibility: str, strength: str, good: bool) -> None:
    rules = {"eligibility": eligibility, "strength": strength}
    if good:
        assert check(rules=rules).rules.strength == strength
    else:
        assert refused(rules=rules) == {"rules.strength"}


@pytest.mark.parametrize(
    ("eligibility", "strength"),
    [("anyone", "guest"), ("signed_in", "account"), ("roll", "account"), ("tokens", "guest")],
)
def test_each_eligibility_has_a_strength_of_its_own(eligibility: str, strength: str) -> None:
    assert check(rules={"eligibility": eligibility}).rules.strength == strength


def test_a_minimum_means_nothing_where_only_the_owner_sees() -> None:
    assert refused(rules={"results": "owner", "minimum": 5}) == {"rules.minimum"}
    assert check(rules={"results": "owner"}).rules.minimum == 0


def test_where_nothing_may_be_changed_nothing_may_be_withdrawn_and_cast_anew() -> None:
    assert refused(rules={"change": False, "withdraw": True}) == {"rules.withdraw"}
    assert not check(rules={"change": False}).rules.withdraw
    assert not check(rules={"withdraw": False}).rules.withdraw
    assert check(rules={"anonymous": True}).rules.withdraw


@pytest.mark.parametrize("rules", [{"minimum": -1}, {"minimum": 10**9}, {"quorum": 0}, {"quorum": -5}])
def test_numbers_of_rules_have_ranges(rules: dict[str, int]) -> None:
    assert refused(rules=rules) == {f"rules.{name}" for name in rules}


@pytest.mark.parametrize("count", [0, 1, MAX_OPTIONS + 1, 10_000])
def test_too_few_and_too_many_options_are_refused(count: int) -> None:
    assert refused(options=options(count)) == {"options"}


def test_a_new_poll_doesnt_number_its_options() -> None:
    assert refused(options=[{"label": "A", "id": 7}, {"label": "B"}]) == {"options.0.id"}


def test_the_most_options_fit() -> None:
    assert len(check(options=options(MAX_OPTIONS)).options) == MAX_OPTIONS


@pytest.mark.parametrize("twin", ["soup", "SOUP", "  Soup ", "Ｓｏｕｐ", "So\u200bup"])
def test_options_that_look_alike_are_refused(twin: str) -> None:
    assert refused(options=[{"label": "Soup"}, {"label": "Salad"}, {"label": twin}]) == {"options.2.label"}


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//example.org",
        "example.org",
        "https://",
        "https://ada:secret@example.org/",
        "https://bank.example@evil.example/",
        "https://exa mple.org",
        'https://example.org/"onload="x',
        "https://[::1",
        "https://example.org/\u202egpj.exe",
    ],
)
def test_links_are_plain_web_addresses(link: str) -> None:
    assert refused(options=[{"label": "A", "link": link}, {"label": "B"}]) == {"options.0.link"}


def test_every_refused_field_is_named_at_once() -> None:
    found = refused(
        title=" ",
        method={"type": "stv", "seats": 9},
        options=[{"label": ""}, {"label": "B", "link": "ftp://x"}],
        rules={"quorum": 0},
    )
    assert found == {"title", "method.seats", "options.0.label", "options.1.link", "rules.quorum"}


@pytest.mark.parametrize(
    "text", ["\u202egnp.exe", "a\u2066b", "a\x00b", "\ud800", "\u200b", "a\nb", "x" * 201, "x" * 900_000]
)
def test_titles_that_deceive_or_dont_fit_are_refused(text: str) -> None:
    assert refused(title=text) == {"title"}


@given(st.text(max_size=220), st.lists(st.text(max_size=30), min_size=2, max_size=6), st.text(max_size=300))
def test_what_is_accepted_can_be_stored_and_accepted_again(title: str, labels: list[str], description: str) -> None:
    request = body(title=title, options=[{"label": label} for label in labels], description=description)
    found = accepted(request)
    if found is None:
        return
    texts = [found.title, found.description, *(option.label for option in found.options)]
    assert all("\x00" not in text and text.encode() is not None for text in texts)
    assert len({fold(option.label) for option in found.options}) == len(labels)
    again = Refusals("poll-refused")
    assert (definitions.clean(again, found), again.errors) == (found, [])


def accepted(draft: PollNew) -> definitions.Definition | None:
    with contextlib.suppress(Problem):
        return definitions.checked(draft)
    return None


NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("moment", [datetime(2026, 1, 1), datetime.min.replace(tzinfo=UTC).replace(tzinfo=None)])  # noqa: DTZ001
def test_times_need_an_offset(moment: datetime) -> None:
    found = Refusals("poll-refused")
    assert definitions.utc(found, "opens_at", moment) is None
    assert [error.field for error in found.errors] == ["opens_at"]


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_times_outside_of_the_calendar_are_refused(text: str) -> None:
    found = Refusals("poll-refused")
    definitions.utc(found, "closes_at", msgspec.convert(text, datetime))
    assert [error.message for error in found.errors] == ["lies outside of the calendar"]


def test_times_are_kept_in_utc() -> None:
    moment = msgspec.convert("2026-12-01T18:00:00+05:45", datetime)
    assert definitions.utc(Refusals("poll-refused"), "closes_at", moment) == datetime(2026, 12, 1, 12, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("opens", "closes", "good"),
    [
        (1, 2, True),
        (None, 2, True),
        (None, None, True),
        (2, 2, False),
        (3, 2, False),
        (None, 0, False),
        (-2, -1, False),
    ],
)
def test_a_poll_ends_after_it_began_and_after_now(opens: int | None, closes: int | None, good: bool) -> None:
    times = [None if hours is None else NOW + timedelta(hours=hours) for hours in (opens, closes)]
    if good:
        definitions.check_times(NOW, *times)
    else:
        with pytest.raises(Problem) as caught:
            definitions.check_times(NOW, *times)
        assert [error.field for error in caught.value.errors] == ["closes_at"]

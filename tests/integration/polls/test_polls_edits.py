"""What may be edited when, and how edits don't overwrite each other."""

import asyncio
from typing import Any

import pytest
from tests.conftest import VoteWave

from .conftest import Person, a_poll, after, told

ADA, BO = {"label": "Ada"}, {"label": "Bo"}


async def refused(owner: Person, poll: dict[str, Any], **values: Any) -> tuple[int, str]:
    answer = await owner.edit(poll, **values)
    problem = answer.json()
    assert answer.headers["content-type"].startswith("application/problem+json"), answer.text
    assert (await owner.read(poll)).json() == poll
    if answer.status_code in {409, 422}:  # 400 names what is missing, too
        fields = [error["field"] for error in problem["errors"]]
        assert fields
        assert [field for field in fields if not stands(values, field)] == [], "paths of what was sent"
    return answer.status_code, problem["type"].rsplit("/", 1)[-1]


def stands(body: Any, path: str) -> bool:
    """Say whether a body has something at a path, or misses it where it would be."""
    *parents, last = path.split(".")
    for name in parents:
        body = body[int(name)] if isinstance(body, list) else body.get(name)
    return last.isdigit() and int(last) < len(body) if isinstance(body, list) else last in (body or {})


async def test_what_is_locked_is_named_by_its_place_in_the_edit(owner: Person) -> None:
    poll = await owner.create(publish=True, rules={"minimum": 2})  # under which an open poll's words stay
    linked = [{"id": 1}, {"id": 2, "description": "Green", "link": "https://example.org"}, {"id": 3}]
    answer = await owner.edit(poll, options=linked, rules={"eligibility": "anyone", "minimum": 2}, random_order=True)
    assert answer.status_code == 409, answer.text
    problem = answer.json()
    fields = ["options.1.description", "options.1.link", "random_order", "rules.eligibility"]
    assert [error["field"] for error in problem["errors"]] == fields
    assert ", ".join(fields) in problem["detail"]


async def test_all_that_is_wrong_is_named_at_once_times_too(owner: Person) -> None:
    """In a new poll and in an edit; of texts that are cleaned at once, and of those that another process cleans."""
    for long in (0, 1_900):
        options = [{"label": f"No. {n}", "description": "x" * long} for n in range(100)]
        wrong = {
            "title": "",
            "method": {"type": "stv", "seats": 100},
            "options": [*options[:-1], {"label": "", "description": "x" * 2_001}],
            "rules": {"quorum": 0},
            "opens_at": "2100-01-01T00:00:00",
            "closes_at": after(-60),
        }
        draft = await owner.create()
        edited = await owner.edit(draft, **{**wrong, "options": [{"id": 77}, *wrong["options"][1:]]})
        created = await owner.call("POST", "", {**wrong, "options": [{"label": "A", "id": 77}, *wrong["options"][1:]]})
        for answer in (created, edited):
            assert answer.status_code == 422, answer.text
            assert {error["field"] for error in answer.json()["errors"]} == {
                *("title", "method.seats", "rules.quorum", "opens_at", "closes_at"),
                *("options.0.id", "options.99.label", "options.99.description"),
            }
        assert (await owner.read(draft)).json() == draft


async def test_a_draft_takes_any_change(owner: Person, votewave: VoteWave) -> None:
    draft = await owner.create(rules={"anonymous": True})
    answer = await owner.edit(
        draft,
        title="Dinner?",
        method={"type": "stv", "seats": 1},
        options=[ADA, BO],
        rules={"anonymous": False, "eligibility": "anyone"},
        closes_at=after(3600),
    )
    assert answer.status_code == 200, answer.text
    poll = answer.json()
    assert (poll["title"], poll["method"]["type"], poll["version"]) == ("Dinner?", "stv", 2)
    assert [(option["id"], option["label"]) for option in poll["options"]] == [(4, "Ada"), (5, "Bo")]
    assert poll["rules"]["strength"] == "guest"
    assert await told(votewave, draft) == []


async def test_a_change_of_method_must_leave_a_good_poll(owner: Person) -> None:
    draft = await owner.create(method={"type": "score", "max_score": 7})
    assert await refused(owner, draft, method={"type": "stv", "seats": 3}) == (422, "poll-refused")
    answer = await owner.edit(draft, method={"type": "approval"})
    assert answer.status_code == 200
    assert answer.json()["method"] == {"type": "approval"}


async def test_parameters_are_edited_alone_and_dont_outlive_their_method(owner: Person) -> None:
    draft = await owner.create(method={"type": "stv", "seats": 2, "max_ranks": 3})

    async def edited(**method: Any) -> Any:
        answer = await owner.edit(draft, method=method)
        assert answer.status_code == 200, answer.text
        return answer.json()["method"]

    ranked = {"max_ranks": 3, "allow_ties": False}
    assert await edited(type="stv", seats=1) == {"type": "stv", "seats": 1, **ranked}
    assert await edited(type="stv", max_ranks=None) == {
        "type": "stv",
        "seats": 1,
        "max_ranks": None,
        "allow_ties": False,
    }
    assert await edited(type="irv", max_ranks=2) == {"type": "irv", "seats": 1, "max_ranks": 2, "allow_ties": False}
    assert await edited(type="schulze") == {"type": "schulze", "max_ranks": None, "allow_ties": True}
    assert await edited(type="stv") == {"type": "stv", "seats": 1, "max_ranks": None, "allow_ties": False}


async def test_each_method_shows_its_own_parameters_and_what_is_shown_can_be_sent_back(owner: Person) -> None:
    shown: dict[str, dict[str, Any]] = {
        "single": {},
        "multiple": {"min_picks": 1, "max_picks": None},
        "approval": {},
        "score": {"max_score": 5},
        "star": {"max_score": 5},
        "irv": {"seats": 1, "max_ranks": None, "allow_ties": False},
        "stv": {"seats": 1, "max_ranks": None, "allow_ties": False},
        "schulze": {"max_ranks": None, "allow_ties": True},
        "ranked_robin": {"max_ranks": None, "allow_ties": True},
        "points": {"points": 100},
    }
    for name, parameters in shown.items():
        method = {"type": name, **parameters}
        draft = await owner.create(method={"type": name})
        assert draft["method"] == method
        assert (await owner.create(method=method))["method"] == method
        cards = (await owner.call("GET", "?mine=true")).json()["items"]
        assert [card["method"] for card in cards if card["id"] == draft["id"]] == [method]
        answer = await owner.edit(draft, method=method)
        assert (answer.status_code, answer.json()["method"]) == (200, method)


async def test_a_parameter_at_the_old_place_or_of_another_method_is_refused(owner: Person) -> None:
    draft = await owner.create(method={"type": "stv"})
    assert await refused(owner, draft, seats=2) == (400, "malformed-request")
    assert await refused(owner, draft, method="stv") == (400, "malformed-request")
    assert await refused(owner, draft, method={"type": "approval", "seats": 2}) == (400, "malformed-request")
    assert await refused(owner, draft, method={"seats": 2}) == (400, "malformed-request")


async def test_the_log_tells_a_method_as_a_whole(owner: Person) -> None:
    poll = await owner.create(publish=True, opens_at=after(3600), method={"type": "score", "max_score": 7})
    assert (await owner.edit(poll, method={"type": "stv", "seats": 2})).status_code == 200
    entry = (await owner.call("GET", f"/{poll['id']}/log")).json()["items"][0]
    ranked = {"max_ranks": None, "allow_ties": False}
    assert entry["details"] == {
        "version": 2,
        "method": {"from": {"type": "score", "max_score": 7}, "to": {"type": "stv", "seats": 2, **ranked}},
    }


@pytest.mark.parametrize(
    "values",
    [
        {"method": {"type": "approval"}},
        {"options": [{"label": "Soup"}, {"label": "Salad"}]},
        {"options": [{"label": "Salad"}, {"label": "Soup"}, {"label": "Rice"}]},
        {"options": [{"label": "Soup, hot"}, {"label": "Salad"}, {"label": "Rice"}]},
        {"options": [{"label": "Soup"}, {"label": "Salad"}, {"label": "Rice"}, {"label": "Bread"}]},
        {"rules": {"change": False}},
        {"rules": {"results": "after_close"}},
        {"rules": {"minimum": 5}},
        {"rules": {"anonymous": True}},
        {"rules": {"quorum": 10}},
        {"opens_at": "2100-01-01T00:00:00Z"},
        {"random_order": True},
        {"title": "Fine", "rules": {"abstain": True}},
    ],
)
async def test_what_voters_rely_on_is_locked_once_it_is_open(owner: Person, values: dict[str, Any]) -> None:
    poll = await owner.create(publish=True)
    assert await refused(owner, poll, **values) == (409, "locked")
    assert (await owner.act(poll, "close")).status_code == 200
    closed = (await owner.read(poll)).json()
    assert await refused(owner, closed, **values) == (409, "locked")


async def test_words_may_be_mended_until_somebody_votes_and_nothing_after_it_has_closed(
    owner: Person, votewave: VoteWave
) -> None:
    poll = await owner.create(publish=True)
    options = [
        {"label": "Soup", "description": "Lentil", "link": "https://example.org/soup"},
        {"label": "Salad"},
        {"label": "Rice"},
    ]
    answer = await owner.edit(
        poll, title="Lunch today?", description="At noon.", options=options, closes_at=after(3600)
    )
    assert answer.status_code == 200, answer.text
    mended = answer.json()
    assert mended["options"][0] == {
        "id": 1,
        "label": "Soup",
        "description": "Lentil",
        "link": "https://example.org/soup",
    }
    assert [event["closes_at"] for event in await told(votewave, poll)] == [None, mended["closes_at"]]
    await owner.act(poll, "close")
    for values in ({"title": "Lunch, that was"}, {"description": ""}, {"closes_at": after(7200)}):
        assert (await owner.edit(poll, **values)).status_code == 409
    await owner.act(poll, "archive")
    assert (await owner.edit(poll, title="Once more")).status_code == 409
    entries = (await owner.call("GET", f"/{poll['id']}/log")).json()["items"]
    edits = [entry["details"] for entry in entries if entry["act"] == "edited"]
    assert edits[-1]["title"] == {"from": "Lunch?", "to": "Lunch today?"}
    assert edits[-1]["description"] == {"changed": True}


async def test_the_end_moves_but_not_into_the_past_nor_at_the_last_moment(owner: Person) -> None:
    poll = await owner.create(publish=True, closes_at=after(3600))
    assert await refused(owner, poll, closes_at=after(-1)) == (422, "poll-refused")
    assert (await owner.edit(poll, closes_at=after(1.0))).status_code == 200
    ending = (await owner.read(poll)).json()
    assert await refused(owner, ending, closes_at=after(3600)) == (409, "locked")
    await asyncio.sleep(1.1)
    assert (await owner.read(poll)).json()["status"] == "closed"


async def test_a_scheduled_poll_may_change_all_but_its_anonymity(owner: Person, votewave: VoteWave) -> None:
    poll = await owner.create(publish=True, opens_at=after(3600), rules={"anonymous": True})
    assert await refused(owner, poll, rules={"anonymous": False}) == (409, "irreversible")
    answer = await owner.edit(poll, method={"type": "approval"}, rules={"minimum": 5}, opens_at=after(7200))
    assert answer.status_code == 200
    assert [event["method"] for event in await told(votewave, poll)] == ["single", "approval"]
    answer = await owner.edit(poll, opens_at=None)
    assert answer.json()["status"] == "open"


async def test_rules_settle_before_it_opens(owner: Person) -> None:
    poll = await owner.create(publish=True, opens_at=after(1.5))
    assert await refused(owner, poll, rules={"change": False}) == (409, "locked")


async def test_options_that_people_have_seen_keep_their_numbers_for_ever(owner: Person) -> None:
    poll = await owner.create(publish=True, opens_at=after(3600))
    # Salad goes, Bread comes, Soup is renamed by its number, Rice moves.
    options = [{"label": "Rice"}, {"label": "Bread"}, {"id": 1, "label": "Hot soup"}]
    seen = (await owner.edit(poll, options=options)).json()["options"]
    assert [(option["id"], option["label"]) for option in seen] == [(3, "Rice"), (4, "Bread"), (1, "Hot soup")]
    options = [{"label": "Rice"}, {"label": "Salad"}]
    seen = (await owner.edit(poll, options=options)).json()["options"]
    assert [(option["id"], option["label"]) for option in seen] == [(3, "Rice"), (5, "Salad")]
    answer = await owner.edit(poll, options=[{"id": 2, "label": "Rice"}, {"label": "Salad"}])
    assert [error["field"] for error in answer.json()["errors"]] == ["options.0.id"]


async def test_options_keep_their_numbers_from_the_first_draft_on(owner: Person) -> None:
    draft = await owner.create()
    edited = (await owner.edit(draft, options=[{"id": 3}, {"id": 1, "label": "Hot soup"}, {"label": "Bread"}])).json()
    assert [(o["id"], o["label"]) for o in edited["options"]] == [(3, "Rice"), (1, "Hot soup"), (4, "Bread")]
    edited = (await owner.edit(draft, options=[{"id": 4}, {"label": "Salad"}])).json()
    assert [(o["id"], o["label"]) for o in edited["options"]] == [(4, "Bread"), (5, "Salad")]
    answer = await owner.edit(draft, options=[{"label": "Tea"}, {"id": 1, "label": "Soup"}])
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["options.1.id"]


async def test_what_an_edit_of_an_option_leaves_out_stays_and_null_takes_it_away(owner: Person) -> None:
    texts = {"description": "Lentil", "link": "https://example.org/soup"}
    draft = await owner.create(options=[{"label": "Soup", **texts}, {"label": "Salad", **texts}], description="Noon")
    answer = await owner.edit(draft, options=[{"id": 1, "label": "Stew"}, {"label": "Salad", "link": None}])
    assert answer.json()["options"] == [
        {"id": 1, "label": "Stew", **texts},
        {"id": 2, "label": "Salad", "description": "Lentil", "link": None},
    ]
    answer = await owner.edit(draft, description=None, options=[{"id": 1, "description": None}, {"id": 2}])
    assert (answer.json()["description"], answer.json()["options"][0]["description"]) == ("", "")
    for options, field in (
        ([{"id": 1}, {"description": "What?"}], "options.1.label"),
        ([{"id": 1, "label": "Salad"}, {"id": 2}], "options.1.label"),
        ([{"id": 1}, {"id": 1}], "options.1.id"),
    ):
        answer = await owner.edit(draft, options=options)
        assert answer.status_code == 422, answer.text
        assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_null_takes_a_rules_default_back(owner: Person) -> None:
    rules = {
        "minimum": 5,
        "quorum": 7,
        "abstain": True,
        "listing": "unlisted",
        "eligibility": "anyone",
        "change": False,
    }
    draft = await owner.create(rules={**rules, "strength": "network"}, random_order=True)
    edited = (await owner.edit(draft, rules={"minimum": None, "strength": None, "withdraw": None})).json()
    assert edited["rules"] == {**draft["rules"], "minimum": 0, "strength": "guest"}
    edited = (await owner.edit(draft, rules=dict.fromkeys(draft["rules"]), random_order=None)).json()
    assert edited["rules"] == (await owner.create())["rules"]
    assert edited["random_order"] is False
    for name in ("title", "options", "method", "rules"):
        answer = await owner.edit(draft, **{name: None})
        assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (400, [name])


async def test_a_poll_of_nulls_is_the_poll_that_leaves_them_out(owner: Person) -> None:
    left_out = await owner.create()
    names = ("description", "random_order", "opens_at", "closes_at", "publish")
    options = [{**option, "description": None, "link": None, "id": None} for option in a_poll()["options"]]
    nulls = await owner.create(**dict.fromkeys(names), rules=dict.fromkeys(left_out["rules"]), options=options)
    assert {name: nulls[name] for name in (*names[:-1], "rules", "options", "status")} == {
        name: left_out[name] for name in (*names[:-1], "rules", "options", "status")
    }


@pytest.mark.parametrize("method", ["single", "multiple", "score", "star", "irv", "stv", "schulze", "points"])
async def test_what_get_shows_can_be_sent_back_and_changes_nothing(owner: Person, method: str) -> None:
    for times in ({}, {"opens_at": after(3600), "closes_at": after(7200)}):
        poll = await owner.create(publish=True, method={"type": method}, rules={"quorum": 5}, **times)
        names = ("title", "description", "method", "options", "random_order", "rules", "opens_at", "closes_at")
        answer = await owner.edit(poll, **{name: poll[name] for name in names})
        assert (answer.status_code, answer.json()) == (200, poll)


async def test_a_poll_that_the_clock_has_opened_meanwhile_is_no_conflict(owner: Person) -> None:
    poll = await owner.create(publish=True, opens_at=after(1.0))
    etag = (await owner.read(poll)).headers["etag"]
    await asyncio.sleep(1.1)
    assert (await owner.read(poll)).json()["status"] == "open"
    assert (await owner.edit(poll, {"If_Match": etag}, closes_at=after(3600))).status_code == 200
    assert (await owner.edit(poll, {"If_Match": etag}, closes_at=after(7200))).status_code == 412


async def test_a_copy_is_made_once_for_a_key(owner: Person, other: Person) -> None:
    poll = await owner.create(publish=True)

    async def copy(by: Person, key: str, of: dict[str, Any] = poll) -> Any:
        return await by.call("POST", f"/{of['id']}/duplicate", Idempotency_Key=key)

    answers = await asyncio.gather(*(copy(owner, "once") for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert (await copy(other, "once")).status_code == 201
    assert (await copy(owner, "twice")).json()["id"] != answers[0].json()["id"]
    assert (await copy(owner, "once", answers[0].json())).status_code == 409
    assert (await copy(owner, "not one")).status_code == 400


async def test_an_edit_that_changes_nothing_makes_no_version(owner: Person, votewave: VoteWave) -> None:
    poll = await owner.create(publish=True)
    answer = await owner.edit(poll, title=" Lunch? ", method={"type": "single"}, rules={"change": True})
    assert answer.json() == poll
    assert len(await told(votewave, poll)) == 1


async def test_of_two_who_edit_what_they_read_one_is_told_to_read_again(owner: Person) -> None:
    poll = await owner.create(publish=True)
    etag = (await owner.read(poll)).headers["etag"]
    answers = await asyncio.gather(
        *(owner.edit(poll, {"If_Match": etag}, title=f"Edit {number}") for number in range(6))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412, 412]
    won = next(answer for answer in answers if answer.status_code == 200)
    assert (await owner.read(poll)).json() == won.json()
    assert (await owner.edit(poll, {"If_Match": won.headers["etag"]}, title="Next")).status_code == 200


async def test_concurrent_edits_are_all_kept_in_order(owner: Person, votewave: VoteWave) -> None:
    poll = await owner.create(publish=True)
    answers = await asyncio.gather(*(owner.edit(poll, title=f"Edit {number}") for number in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    events = await told(votewave, poll)
    assert [event["version"] for event in events] == list(range(1, 10))
    assert events[-1]["title"] == (await owner.read(poll)).json()["title"]


async def test_a_poll_that_lets_voters_withdraw_and_not_change_keeps_its_rules_and_gets_no_copies(
    owner: Person, votewave: VoteWave
) -> None:
    """Earlier releases took the pair."""
    poll = await owner.create(publish=True)
    await votewave.sql("UPDATE polls.poll SET change = false, updated_at = now() WHERE id = $1", poll["id"])
    answer = await owner.edit(poll, title="Dinner?")
    assert (answer.status_code, answer.json()["rules"]["withdraw"]) == (200, True)
    copy = (await owner.act(poll, "duplicate")).json()
    assert (copy["rules"]["change"], copy["rules"]["withdraw"]) == (False, False)
    assert await refused(owner, copy, rules={"withdraw": True}) == (422, "poll-refused")
    answer = await owner.edit(copy, rules={"change": True, "withdraw": True})
    assert answer.status_code == 200
    answer = await owner.edit(copy, rules={"change": False})
    assert not answer.json()["rules"]["withdraw"]


async def test_the_log_says_in_few_bytes_how_options_were_changed(owner: Person, votewave: VoteWave) -> None:
    options = [{"label": f"{number} {'x' * 190}"} for number in range(500)]
    poll = await owner.create(publish=True, opens_at=after(3600), options=options)
    edited = [
        *({"id": number, "label": f"{number} {'y' * 190}"} for number in range(1, 301)),
        *({"label": f"new {number} {'z' * 180}"} for number in range(200)),
    ]
    answer = await owner.edit(poll, options=edited)
    assert answer.status_code == 200, answer.text
    (size,) = await votewave.sql(
        "SELECT octet_length(details::text) AS bytes FROM polls.audit WHERE poll = $1 AND act = 'edited'", poll["id"]
    )
    assert size["bytes"] < 2_000
    entry = (await owner.call("GET", f"/{poll['id']}/log")).json()["items"][0]
    said = entry["details"]["options"]
    assert [(kind, said[kind]["count"]) for kind in ("added", "removed", "renamed")] == [
        ("added", 200),
        ("removed", 200),
        ("renamed", 300),
    ]
    assert [each["id"] for each in said["added"]["first"]] == [501, 502, 503]
    assert said["renamed"]["first"][0] == {"id": 1, "from": f"0 {'x' * 57}…", "to": f"1 {'y' * 57}…"}


async def test_a_poll_s_log_grows_so_far_and_its_owner_may_still_end_it(owner: Person, votewave: VoteWave) -> None:
    poll = await owner.create(publish=True)
    assert (await owner.edit(poll, title="Lunch today?")).status_code == 200
    await votewave.sql(
        "INSERT INTO polls.audit (poll, at, actor, act, role, details) "
        "SELECT poll, at, actor, act, role, details FROM polls.audit, generate_series(1, 4000) "
        "WHERE poll = $1 AND act = 'edited'",
        poll["id"],
    )
    changed = (await owner.read(poll)).json()
    assert await refused(owner, changed, title="Lunch?") == (429, "over-quota")
    assert (await owner.act(poll, "close")).status_code == 200
    assert (await owner.act(poll, "archive")).status_code == 200
    assert (await owner.act(poll, "unarchive")).status_code == 429
    assert (await owner.call("DELETE", f"/{poll['id']}")).status_code == 204

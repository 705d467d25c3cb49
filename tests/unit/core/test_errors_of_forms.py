"""What is refused is named at once, by the client's own path, with what would be allowed."""

import json
import time
from enum import StrEnum
from typing import Annotated, Any

import pytest
from litestar import Litestar, get, post
from litestar.params import JSONBody, QueryParameter
from litestar.testing import AsyncTestClient
from msgspec import UNSET, Meta, Struct, UnsetType
from services.core.http import errors
from services.core.http.queries import KnownQueries
from services.core.http.request import StrictRequest
from services.core.refusals import number_limits

JSON = {"content-type": "application/json"}


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Option(Struct, forbid_unknown_fields=True):
    label: Annotated[str, Meta(max_length=10)]


class Square(Struct, forbid_unknown_fields=True, tag_field="type", tag="square"):
    side: int = 1


class Circle(Struct, forbid_unknown_fields=True, tag_field="type", tag="circle"):
    radius: int


class Body(Struct, forbid_unknown_fields=True):
    title: str
    options: list[Option] = []
    minimum: Annotated[int, number_limits(0, 9, "Least.")] | UnsetType = UNSET
    scores: dict[int, int] = {}
    colour: Colour | None = None
    shape: Square | Circle | UnsetType = UNSET


@post("/things", status_code=200)
async def make(data: JSONBody[Body]) -> str:
    return data.title


@get("/things")
async def show(
    limit: Annotated[int, QueryParameter(ge=1, le=100)] = 10,
    paint: Annotated[Colour | None, QueryParameter(name="colour")] = None,
    tags: Annotated[list[str] | None, QueryParameter(name="tag")] = None,
) -> str:
    return f"{limit} {paint}"


@pytest.fixture
async def client() -> Any:
    queries = KnownQueries()
    app = Litestar(
        [make, show],
        request_class=StrictRequest,
        exception_handlers=errors.HANDLERS,
        guards=[queries],
        logging_config=None,
    )
    queries.learn(app.routes)
    async with AsyncTestClient(app) as made:
        yield made


async def named(client: Any, body: Any) -> dict[str, Any]:
    answer = await client.post("/things", content=json.dumps(body), headers=JSON)
    assert answer.status_code == 400, answer.text
    return {error.pop("field"): error for error in answer.json()["errors"]}


async def test_an_integer_may_be_written_with_a_point(client: Any) -> None:
    """JSON Schema takes 3.0 for an integer, and so do clients whose language has one kind of number."""
    body = {"title": "x", "minimum": 3.0, "scores": {"2": 1.0}, "shape": {"type": "square", "side": 2.0}}
    assert (await client.post("/things", content=json.dumps(body), headers=JSON)).status_code == 200
    found = await named(client, {"title": 3.0, "minimum": 3.5, "scores": {"2": 1e300}})
    assert found.keys() == {"title", "minimum", "scores.2"}


async def test_every_wrong_field_is_named_at_once(client: Any) -> None:
    found = await named(
        client,
        {
            "options": [{"label": "a"}, {}, {"label": 3, "x": 1}],
            "minimum": "much",
            "scores": {"2": "b", "a": 1},
            "colour": "green",
            "shape": {"type": "square", "side": "1"},
            "zz": 0,
        },
    )
    assert found.keys() == {
        "title",
        "options.1.label",
        "options.2.label",
        "options.2.x",
        "minimum",
        "scores.2",
        "scores.a",
        "colour",
        "shape.side",
        "zz",
    }
    assert found["colour"]["allowed"] == ["red", "blue"]
    assert (found["minimum"]["minimum"], found["minimum"]["maximum"]) == (0, 9)
    assert found["options.2.label"]["max_length"] == 10


@pytest.mark.parametrize("shape", [{"type": "line"}, {"side": 1}, {"type": 5}])
async def test_an_unknown_tag_is_answered_with_those_that_there_are(client: Any, shape: Any) -> None:
    found = await named(client, {"title": "x", "shape": shape})
    assert found["shape.type"]["allowed"] == ["square", "circle"]


@pytest.mark.parametrize("body", [[], "text", 5])
async def test_a_body_of_another_type_is_refused_as_a_whole(client: Any, body: Any) -> None:
    assert (await named(client, body)).keys() == {"body"}


@pytest.mark.parametrize(
    "body",
    [
        {"title": "x", "options": [{"label": "a"}] * 50_000 + [{"label": 1}]},
        {"title": "x", "options": [{"label": 1}] * 50_000},
        {str(name): 1 for name in range(50_000)},
        {"title": "x", "scores": {str(name): 1 for name in range(50_000)} | {"x": 1}},
    ],
)
async def test_a_huge_body_is_looked_through_no_further_than_is_worth_it(client: Any, body: Any) -> None:
    begun = time.process_time()
    found = await named(client, body)
    assert 1 <= len(found) <= 50
    assert not any("[" in field or "$" in field for field in found)
    assert time.process_time() - begun < 2


async def test_what_isn_t_json_is_415_and_nothing_says_what_to_send(client: Any) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonp"):
        answer = await client.post("/things", content='{"title": "x"}', headers={"content-type": kind})
        assert answer.status_code == 415, kind
        assert answer.json()["title"] == "This media type isn't accepted"
    unsaid = await client.post("/things", content=b'{"title": "x"}')
    assert unsaid.status_code == 415
    nothing = await client.post("/things")
    assert nothing.status_code == 400
    assert "JSON body" in nothing.json()["detail"]
    good = await client.post(
        "/things", content='{"title": "x"}', headers={"content-type": "Application/JSON; charset=utf-8"}
    )
    assert good.status_code == 200


async def test_parameters_that_a_route_doesn_t_take_are_refused_as_fields_are(client: Any) -> None:
    answer = await client.get("/things?limits=5&colour=red&colour=blue&limit=7")
    assert answer.status_code == 400
    assert {error["field"] for error in answer.json()["errors"]} == {"limits", "colour"}
    assert (await client.get("/things?limit=7&colour=red&tag=a&tag=b")).text == "7 red"


async def test_a_parameter_without_a_value_is_left_out_and_not_null(client: Any) -> None:
    """Else a client that writes `?colour=null` for one that it lacks sees all colours."""
    for null in ("null", "NULL"):
        answer = await client.get(f"/things?colour={null}")
        assert answer.status_code == 400
        assert [error["field"] for error in answer.json()["errors"]] == ["colour"]
    assert (await client.get("/things?tag=null")).status_code == 200, "a text may be any"


async def test_a_parameter_s_bounds_and_values_are_said(client: Any) -> None:
    answer = await client.get("/things?limit=700&colour=green")
    found = {error.pop("field"): error for error in answer.json()["errors"]}
    assert (found["limit"]["minimum"], found["limit"]["maximum"]) == (1, 100)
    assert found["colour"]["allowed"] == ["red", "blue"]

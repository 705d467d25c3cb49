"""A short cut takes the one request it is for, and leaves every other to the router."""

from typing import Any
from uuid import UUID

import pytest
from litestar.types import ASGIApp
from services.votebooth.casting.short_cut import ShortCut

ID = UUID("01a20544-04af-737a-9631-c0541d77d9d5")


async def _answer(_: Any) -> ASGIApp:
    raise AssertionError


CUT = ShortCut("PUT", "/v1/votebooth/polls/{poll_id}/ballot", _answer)


def test_it_takes_its_request() -> None:
    scope: dict[str, Any] = {"method": "PUT", "path": f"/v1/votebooth/polls/{ID}/ballot"}
    assert CUT(scope) is _answer
    assert scope["path_params"] == {"poll_id": ID}
    assert scope["path_template"] == "/v1/votebooth/polls/{poll_id}/ballot"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/v1/votebooth/polls/{ID}/ballot"),
        ("put", f"/v1/votebooth/polls/{ID}/ballot"),
        ("PUT", f"/v1/votebooth/polls/{ID}/ballot/"),
        ("PUT", f"/v1/votebooth/polls/{ID}/ballo"),
        ("PUT", f"/v1/votebooth/polls/{ID.hex}/ballot"),
        ("PUT", f"//v1/votebooth/poll/{ID}/ballot"),
        ("PUT", f"/v1/votebooth/polls/{str(ID)[:-1]}g/ballot"),
        ("PUT", "/v1/votebooth/polls/" + "/" * 36 + "/ballot"),
        ("PUT", ""),
    ],
)
def test_it_leaves_what_isnt_exactly_that(method: str, path: str) -> None:
    assert CUT({"method": method, "path": path}) is None

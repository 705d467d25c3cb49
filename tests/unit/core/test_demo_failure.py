"""How a demo that can't go on says so."""

import io
from pathlib import Path

from services import demo


async def test_a_server_that_is_gone_is_said_in_one_line(tmp_path: Path) -> None:
    out = io.StringIO()
    await demo.fill("http://127.0.0.1:9", tmp_path, out)
    said = out.getvalue()
    assert said.count("\n") == 1
    assert "ExceptionGroup" not in said
    assert "again to go on" in said


def test_of_a_group_one_is_told() -> None:
    inner = ExceptionGroup("many", [ConnectionError("gone"), ConnectionError("gone")])
    assert str(demo._first(ExceptionGroup("outer", [inner]))) == "gone"

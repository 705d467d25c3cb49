"""What is made of the code is what the code would make now."""

from functools import cache
from pathlib import Path

import pytest
from tools.generate.__main__ import contents

ROOT = Path(__file__).parents[2]
# By name, for making them takes five seconds of processor, and each worker collects all tests.
PATHS = (
    "nomad/gateway/routes.map",
    "nomad/gateway/roots.map",
    "nomad/gateway/streams.lst",
    "nomad/gateway/pages.lst",
    "terraform/modules/naming/names.json",
    "services/auth/scopes.py",
    "docs/settings.md",
    "docs/events.md",
    "tools/generate/event_versions.json",
)
made = cache(contents)


@pytest.mark.parametrize("path", PATHS)
def test_a_generated_file_is_up_to_date(path: str) -> None:
    assert (ROOT / path).read_text() == made()[path], "run `./just generate`"


def test_no_generated_file_is_forgotten_here() -> None:
    assert tuple(made()) == PATHS

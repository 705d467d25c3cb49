"""What is made of the code is what the code would make now."""

from pathlib import Path

import pytest
from tools.generate.__main__ import contents

ROOT = Path(__file__).parents[2]
MADE = contents()


@pytest.mark.parametrize("path", MADE)
def test_a_generated_file_is_up_to_date(path: str) -> None:
    assert (ROOT / path).read_text() == MADE[path], "run `./just generate`"

"""The glossary explains the words that the API speaks in, and is found from its first page."""

import re
from pathlib import Path
from typing import get_args

import pytest
from services.polls.methods import Eligibility, Status, Strength
from services.votebooth.results.schemas import Outcome
from services.votebooth.results.schemas import Status as Standing

API = Path(__file__).parents[2] / "docs" / "api"
GLOSSARY = (API / "glossary.md").read_text()

WORDS = {
    *("poll", "option", "ballot", "receipt", "closed", "final", "abstention", "strength", "minimum", "method"),
    *("draft", "owner", "voter", "guest", "eligibility", "roll", "ballot token", "quorum", "round", "tie", "lot"),
    *("seed", "commitment", "outcome", "secret", "anonymous"),
}


def test_the_first_page_leads_to_it() -> None:
    assert "(glossary.md)" in (API / "README.md").read_text()


def test_every_word_is_explained_once() -> None:
    explained = [
        word for row in re.findall(r"^\| \*\*(.+?)\*\* \|", GLOSSARY, re.MULTILINE) for word in row.split(", ")
    ]
    assert len(explained) == len(set(explained))
    assert set(explained) >= WORDS


@pytest.mark.parametrize(
    "values",
    [Eligibility, Strength, Status, {"live", "final"}, get_args(get_args(Outcome)[0])],
)
def test_values_are_named_as_the_api_names_them(values: set[str]) -> None:
    assert {value for value in values if not re.search(rf"\b{value}\b", GLOSSARY)} == set()


def test_a_result_s_status_is_one_that_is_explained() -> None:
    assert set(get_args(get_args(Standing)[0])) == {"scheduled", "live", "final"}

"""Addresses of a roll are cleaned, many of them by another process than the one that takes votes."""

from collections.abc import AsyncIterator

import pytest
from services.core.apart import Apart
from services.core.problems import Problem
from services.votebooth.roll.addresses import cleaned


@pytest.fixture
async def apart() -> AsyncIterator[Apart]:
    made = Apart()
    yield made
    await made.close()


@pytest.mark.parametrize("number", [3, 2_000])
async def test_addresses_are_cleaned_and_those_of_many_elsewhere(apart: Apart, number: int) -> None:
    given = [f" Ada{place}@Example.org " for place in range(number)] * 2
    found = await cleaned(apart, given, account="ada", site="here")
    assert found == [f"ada{place}@example.org" for place in range(number)]
    assert (apart._process is not None) is (number > 1_000)


@pytest.mark.parametrize("number", [30, 2_000])
async def test_what_cannot_be_written_to_is_named_wherever_it_is_found(apart: Apart, number: int) -> None:
    given = ["ada@example.org", *["nobody"] * number]
    with pytest.raises(Problem) as caught:
        await cleaned(apart, given, account="ada", site="here")
    assert (caught.value.status, caught.value.slug) == (422, "addresses-refused")
    assert f"{number:,}".replace(",", "") in caught.value.detail
    assert [error.field for error in caught.value.errors] == [f"addresses.{place}" for place in range(1, 21)]

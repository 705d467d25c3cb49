"""How looks at pages are summed up: medians, against each page's limits."""

import json

import pytest
from loadtests.benchmark.pages import FOLDER, PAGES, Look, Missed, Page, measured, table


def look(**scores: int) -> Look:
    named = {name.replace("_", "-"): score for name, score in scores.items()}
    missed = [Missed("performance", "unused-css", "12 KiB"), Missed("seo", "is-crawlable", "It says noindex")]
    return Look(at="/", scores=named, fcp_ms=1, lcp_ms=2, tbt_ms=3, shift=0.0, kb=4, missed=missed)


GOOD = {"performance": 99, "accessibility": 100, "best_practices": 100, "seo": 100}
PUBLIC = Page("poll", "/p/{poll}", found=True)
OWN = Page("feed", "/home", signed_in=True)


def test_medians_count_not_single_looks() -> None:
    looks = [look(**GOOD | {"performance": score}) for score in (40, 91, 99)]
    found = measured(PUBLIC, looks)
    assert found.medians["performance"] == 91
    assert found.misses == []


@pytest.mark.parametrize(
    ("page", "low", "misses"),
    [
        (PUBLIC, {"performance": 89}, ["poll: performance is 89, not 90"]),
        (PUBLIC, {"seo": 94}, ["poll: seo is 94, not 95"]),
        (OWN, {"seo": 40}, []),
        (OWN, {"best_practices": 94, "accessibility": 94}, ["accessibility", "best-practices"]),
    ],
)
def test_each_page_has_its_limits(page: Page, low: dict[str, int], misses: list[str]) -> None:
    found = measured(page, [look(**GOOD | low)]).misses
    assert len(found) == len(misses)
    assert all(said in miss for said, miss in zip(misses, found, strict=True))


def test_a_score_that_lighthouse_could_not_give_is_a_miss() -> None:
    assert measured(OWN, [look(accessibility=100, best_practices=100)]).misses == ["feed: performance is 0, not 90"]


def test_the_table_lists_what_costs_points_where_it_counts() -> None:
    lines = list(table([measured(PUBLIC, [look(**GOOD)]), measured(OWN, [look(**GOOD)])]))
    assert "feed: performance, unused-css: 12 KiB" in lines
    assert "poll: seo, is-crawlable: It says noindex" in lines
    assert not any(line.startswith("feed: seo") for line in lines)


def test_the_pages_that_must_hold_are_looked_at() -> None:
    assert {page.name: page.found for page in PAGES} == {"landing": True, "poll": True, "feed": False, "booth": False}
    wanted = json.loads((FOLDER / "package.json").read_text())["dependencies"]["lighthouse"]
    assert wanted.startswith("13.")

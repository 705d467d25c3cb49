"""The client's words: each goes through the macros, and German has them all."""

import re
from pathlib import Path

import pytest
from tests.conftest import ROOT

SOURCES = ROOT / "frontend" / "src"
_ENTRY = re.compile(r'(?:^msgctxt (".*")\n)?^msgid ((?:".*"\n)+)^msgstr ((?:".*"\n?)+)', re.MULTILINE)
_PLACE = re.compile(r"\{\w+\}|</?\d+/?>")
_TEXTS = "p|h[1-6]|button|Button|legend|caption|summary|Notice|option|th|dt|strong"
_BETWEEN_TAGS = re.compile(rf"<(?:{_TEXTS})\b[^<>{{}}]*>\s*([A-Z][^<>{{}}]*)<")
_IN_ATTRIBUTE = re.compile(r'\s(?:label|hint|placeholder|aria-label|alt|kept|verb|title)="([^"]*[a-z][^"]*)"')
_COUNTED = re.compile(r'=== 1 \? ["`]')


def _catalogue(locale: str) -> dict[tuple[str, str], str]:
    text = (SOURCES / "locales" / f"{locale}.po").read_text()

    def read(quoted: str | None) -> str:
        return "".join(line[1:-1] for line in (quoted or "").strip().splitlines())

    found = {(read(context), read(said)): read(means) for context, said, means in _ENTRY.findall(text)}
    return {entry: means for entry, means in found.items() if entry[1]}


def test_german_says_all_that_english_does() -> None:
    english, german = _catalogue("en"), _catalogue("de")
    assert len(english) > 900
    assert english.keys() == german.keys()
    assert [said for said, means in german.items() if not means] == []


def test_a_translation_has_the_places_of_what_it_translates() -> None:
    """A value or a tag that a translation loses isn't shown, and one that it makes up is shown as it is written."""
    wrong = [
        (said, means)
        for (_, said), means in _catalogue("de").items()
        if set(_PLACE.findall(said)) != set(_PLACE.findall(means))
    ]
    assert wrong == []


def test_each_message_is_still_written_somewhere() -> None:
    """By its longest run of plain words: `./just web words` takes out what no source has any more."""
    sources = " ".join(
        re.sub(r"\s+", " ", path.read_text()) for path in SOURCES.rglob("*.ts*") if path.name != "schema.d.ts"
    )
    gone = []
    for _, said in _catalogue("en"):
        runs = [
            run.strip() for run in re.split(r"\{[^{}]*?\}|[{}<>#\\]|</?\d+/?>|\w+, plural,|\bone\b|\bother\b", said)
        ]
        longest = max(runs, key=len)
        if longest not in sources and longest.replace("'", "&apos;") not in sources:
            gone.append(said)
    assert gone == []


@pytest.mark.parametrize("path", sorted(SOURCES.rglob("*.tsx")), ids=lambda path: str(path.relative_to(SOURCES)))
def test_no_words_go_past_the_macros(path: Path) -> None:
    text = re.sub(r"<Trans>.*?</Trans>", "", path.read_text(), flags=re.DOTALL)
    past = [*_BETWEEN_TAGS.findall(text), *_IN_ATTRIBUTE.findall(text), *_COUNTED.findall(text)]
    assert [word for word in past if word.strip() not in {"VoteWave", ""}] == []

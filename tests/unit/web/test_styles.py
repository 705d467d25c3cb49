"""The client's style sheets: what makes every page slow."""

import re
from pathlib import Path

SOURCES = Path("frontend/src")
RULE = re.compile(r"([^{}]+)\{")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
CHEAP = re.compile(r"\.[\w-]+:has\(:[a-z-]+\)")


def test_nothing_is_looked_for_below_what_holds_a_whole_page() -> None:
    """`html:has(.bar)` or `li:has(+ .wish)` has a browser look again at each element that is put anywhere into a page.

    A feed of twenty entries took a phone 0.2 s longer by them. A part of a class of its own that asks for the state of
    the field in it costs nothing elsewhere.
    """
    costly = [
        (sheet.name, selector.strip())
        for sheet in SOURCES.rglob("*.css")
        for rule in RULE.findall(COMMENT.sub("", sheet.read_text()))
        for selector in rule.split(",")
        if ":has(" in selector and not CHEAP.fullmatch(selector.strip())
    ]
    assert costly == []


IMPORT = re.compile(r'^import (\w+) from "(\.[^"]+\.module\.css)";', re.MULTILINE)
CLASS = re.compile(r"\.([A-Za-z][\w-]*)")


def classes_of(sheet: Path) -> set[str]:
    text = COMMENT.sub("", sheet.read_text())
    return {name for rule in RULE.findall(text) for name in CLASS.findall(rule)}


def used_classes() -> dict[Path, set[tuple[str, str]]]:
    """Return what is named of each sheet: in which source, and which class."""
    used: dict[Path, set[tuple[str, str]]] = {}
    for source in SOURCES.rglob("*.ts*"):
        text = source.read_text()
        code = IMPORT.sub("", text)
        for name, path in IMPORT.findall(text):
            sheet = (source.parent / path).resolve()
            used.setdefault(sheet, set()).update((source.name, part) for part in re.findall(rf"\b{name}\.(\w+)", code))
    return used


def test_a_part_names_only_classes_that_its_sheet_has() -> None:
    """One that isn't there is no error to anybody: the part stands there without its style."""
    used = used_classes()
    assert sum(map(len, used.values())) > 300
    missing = [
        (source, sheet.name, name)
        for sheet, names in used.items()
        for source, name in sorted(names)
        if name not in classes_of(sheet)
    ]
    assert missing == []


def test_every_class_of_a_sheet_is_used() -> None:
    used = used_classes()
    unused = [
        (sheet.name, name)
        for sheet in SOURCES.rglob("*.module.css")
        for name in sorted(classes_of(sheet) - {name for _, name in used.get(sheet.resolve(), set())})
    ]
    assert unused == []

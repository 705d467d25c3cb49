"""How an edit's options differ from those before, in the few bytes that the audit log keeps of it."""

from collections.abc import Sequence
from typing import Any

_FIRST = 3
_LABEL = 60
"""So many options of each kind are named, with so many characters of a label: the log can't be cleared."""

Options = Sequence[dict[str, Any]]


def of_options(before: Options, after: Options) -> dict[str, Any]:
    """Return how many options came, went and were renamed, and the first of each.

    Where none of that is told, they have another order, description or link.
    """
    old, new = ({option["id"]: option["label"] for option in options} for options in (before, after))
    kinds: dict[str, list[dict[str, Any]]] = {
        "added": [{"id": number, "label": _cut(new[number])} for number in sorted(new.keys() - old.keys())],
        "removed": [{"id": number, "label": _cut(old[number])} for number in sorted(old.keys() - new.keys())],
        "renamed": [
            {"id": number, "from": _cut(old[number]), "to": _cut(new[number])}
            for number in sorted(old.keys() & new.keys())
            if old[number] != new[number]
        ],
    }
    told = {kind: {"count": len(each), "first": each[:_FIRST]} for kind, each in kinds.items() if each}
    return {"changed": True, **told}


def _cut(label: str) -> str:
    return label if len(label) <= _LABEL else f"{label[: _LABEL - 1]}…"

"""Nomad's plans, in people's words."""

import re
from typing import Any

from tools.release.nomad import Plan

_COMMIT = re.compile(r"\b[0-9a-f]{40}\b")


def no_room(plan: Plan) -> str:
    """Return why instances find no place."""
    found = []
    for group, metric in (plan.failed_t_g_allocs or {}).items():
        reasons = [f"{count} machines lack {what}" for what, count in (metric.dimension_exhausted or {}).items()]
        reasons += [f"{count} machines don't fit: {what}" for what, count in (metric.constraint_filtered or {}).items()]
        found.append(f"{group}: {'; '.join(reasons) or 'no machine is free'}")
    return ". ".join(found)


def changes(diff: dict[str, Any]) -> list[str]:
    """Return what changes, a line each, of Nomad's nested differences; nothing if nothing does."""
    lines: list[str] = []

    def shown(value: str) -> str:
        return _COMMIT.sub(lambda found: found[0][:12], value) or "–"

    def walk(node: dict[str, Any], path: str) -> None:
        lines.extend(
            f"{path}{field['Name']}: {shown(field['Old'])} → {shown(field['New'])}"
            for field in node.get("Fields") or []
            if field["Type"] != "None"
        )
        for kind in ("Objects", "TaskGroups", "Tasks"):
            for inner in node.get(kind) or []:
                if inner.get("Type") != "None":
                    walk(inner, f"{path}{inner.get('Name', '')} ")

    walk(diff, "")
    return lines or ([] if diff.get("Type", "None") == "None" else [str(diff["Type"]).lower()])

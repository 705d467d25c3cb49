"""Draws a plan's network: which machines may connect to which, on which ports, in which tier."""

import re
import subprocess
from collections import defaultdict
from pathlib import Path

from tools.infra.plan import Plan
from tools.infra.programs import ROOT

DOT = ROOT / "docs" / "network.dot"
PICTURE = ROOT / "docs" / "network.svg"
GOSSIP = 8301  # between all machines; a line for each pair would hide the rest
TIERS = {
    "public": ("Public subnets, three zones", ("balancer",)),
    "app": ("Private subnets, three zones; machines gossip among each other on 8301", ("edge", "app", "server")),
    "data": ("Data subnets, three zones, no way out", ("database", "cache")),
}
LABELS = {
    "balancer": "Load balancer\nWAF, TLS",
    "edge": "Edge machines\nHAProxy gateway",
    "app": "App machines\nservices",
    "server": "Servers\nConsul, Nomad",
    "database": "PostgreSQL\nRDS",
    "cache": "Valkey\nElastiCache",
}


def dot(plan: Plan) -> str:
    """Return the graph in Graphviz's language; the same plan gives the same text."""
    groups = {
        it.values["id"]: re.sub(r"^votewave-[a-z]+-", "", it.values["name"])
        for it in plan.of_kind("aws_security_group")
    }
    blocks: dict[str, list[str]] = defaultdict(list)
    for it in plan.here("aws_subnet"):
        blocks[it.values["tags"]["Tier"]].append(it.values["cidr_block"])
    edges: dict[tuple[str, str], set[str]] = defaultdict(set)
    for it in plan.here("aws_vpc_security_group_ingress_rule"):
        to = groups[it.values["security_group_id"]]
        source = it.values["referenced_security_group_id"]
        start = groups[source] if source else ("world" if it.values["cidr_ipv4"] == "0.0.0.0/0" else "")
        gossip = it.values["from_port"] == GOSSIP
        if start and to in LABELS and not gossip:
            low, high = it.values["from_port"], it.values["to_port"]
            port = str(low) if low == high else f"{low}–{high}"
            edges[start, to].add(port if it.values["ip_protocol"] == "tcp" else f"{port}/udp")
    lines = [
        "digraph network {",
        '  graph [rankdir=LR, fontname="Helvetica", fontsize=12, nodesep=0.6, ranksep=1.4, bgcolor="white"]',
        '  node [shape=box, style="rounded,filled", fillcolor="#eef3fb", fontname="Helvetica", fontsize=12]',
        '  edge [fontname="Helvetica", fontsize=10, color="#44546a"]',
        '  world [label="Everybody", shape=ellipse, fillcolor="#ffffff"]',
    ]
    for tier, (title, members) in TIERS.items():
        addresses = ", ".join(sorted(blocks[tier], key=_order))
        lines += [
            f"  subgraph cluster_{tier} {{",
            f'    label="{title}\\n{addresses}"; style="rounded"; labelloc=b; color="#9aa8bd"',
            *(f'    "{member}" [label="{LABELS[member]}"]'.replace("\n", "\\n") for member in members),
            "  }",
        ]
    for (start, to), ports in sorted(edges.items()):
        label = "\\n".join(sorted(ports, key=_order))
        lines.append(f'  "{start}" -> "{to}" [label="{label}"]')
    return "\n".join([*lines, "}", ""])


def _order(text: str) -> tuple[list[int], str]:
    return [int(number) for number in re.findall(r"\d+", text)], text


def write(plan: Plan, picture: Path = PICTURE) -> None:
    """Write the graph and its picture; needs Graphviz's `dot`."""
    DOT.write_text(dot(plan))
    subprocess.run(["dot", "-Tsvg", "-o", str(picture), str(DOT)], check=True, timeout=60)

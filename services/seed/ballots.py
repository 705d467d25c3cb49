"""Ballots, by method: some options are liked more than others."""

import random
from collections.abc import Mapping
from typing import Any


def ballot(dice: random.Random, method: Mapping[str, Any], options: int) -> dict[str, Any]:
    """Return a ballot as a request has it.

    Args:
        dice: Makes the choice.
        method: The poll's, as a request has it.
        options: How many there are, numbered from 1.
    """
    liking = {option: dice.random() + 0.6 * (options - option) / options for option in range(1, options + 1)}
    order = sorted(liking, key=lambda option: -liking[option])
    kind = method["type"]
    if kind == "single":
        return {"picks": order[:1]}
    if kind in {"approval", "multiple"}:
        return {"picks": sorted(order[: dice.randint(1, min(options, method.get("max_picks", options)))])}
    if kind in {"score", "star"}:
        most = method.get("max_score", 5)
        scores = {str(option): round(most * like / 1.6) for option, like in liking.items()}
        return {"scores": scores | {str(order[0]): most}}
    if kind == "points":
        first = 10 * dice.randint(5, 10)
        return {"points": {str(order[0]): first, **({str(order[1]): 100 - first} if first < 100 else {})}}
    return {"ranking": order[: dice.randint(1, options)]}

"""A result with its options by name, as tests of counts read it best."""

from collections.abc import Mapping
from typing import Any

import msgspec
from services.votebooth import tally
from services.votebooth.results.render import rendered
from services.votebooth.results.schemas import Results
from services.votebooth.tally.render import labels

PLAIN = ("ballots", "abstentions", "void", "rules", "notes", "outcome", "decided_by")


def by_name(result: tally.Result | Results | Mapping[str, Any]) -> dict[str, Any]:
    """Return a count, or what the wire has of one, by names; a number that isn't whole is as in `31/3`."""
    if isinstance(result, tally.Result):
        result = rendered(result)
    if isinstance(result, Results):
        result = msgspec.json.decode(msgspec.json.encode(result))
    label = labels({option["id"]: option["label"] for option in result["options"]})

    def names(options: list[int]) -> list[str]:
        return [label[option] for option in options]

    def pairs(matrix: dict[str, dict[str, int]] | None) -> dict[str, dict[str, int]] | None:
        if matrix is None:
            return None
        return {label[int(a)]: {label[int(b)]: votes for b, votes in row.items()} for a, row in matrix.items()}

    runoff = result["runoff"]
    return {
        **{
            name: result[name] for name in ("ballots", "abstentions", "void", "rules", "notes", "outcome", "decided_by")
        },
        "method": result["method"]["type"],
        "seats": result["method"]["seats"],
        "sums": {label[option["id"]]: option["sum"] for option in result["options"]},
        "winners": [label[winner["id"]] for winner in result["winners"]],
        "seed": result["tie_break"]["seed"],
        "tie_order": names(result["tie_break"]["order"]),
        "ties": [
            {**tie, "tied": names(tie["tied"]), "chosen": names(tie["chosen"])} for tie in result["tie_break"]["ties"]
        ],
        "rounds": [
            {
                **each,
                "tallies": {label[one["option"]]: exact(one["votes"]) for one in each["tallies"]},
                "elected": names(each["elected"]),
                "eliminated": names(each["eliminated"]),
                "transfers": [
                    {
                        "from": label[move["source"]],
                        "to": None if move["target"] is None else label[move["target"]],
                        "votes": exact(move["votes"]),
                        "value": exact(move["value"]),
                    }
                    for move in each["transfers"]
                ],
                **{
                    name: None if each[name] is None else exact(each[name])
                    for name in ("exhausted", "rounded", "quota")
                },
            }
            for each in result["rounds"]
        ],
        "runoff": runoff
        and {
            "tallies": {label[one["option"]]: one["votes"] for one in runoff["tallies"]},
            "no_preference": runoff["no_preference"],
            "winner": label[runoff["winner"]["id"]],
        },
        "pairwise": pairs(result["pairwise"]),
        "strengths": pairs(result["strengths"]),
    }


def exact(votes: int | dict[str, str]) -> int | str:
    """Return a number of the wire: an integer, or a text such as `31/3`."""
    if isinstance(votes, int):
        return votes
    return votes["exact"] if "/" in votes["exact"] else int(votes["exact"])

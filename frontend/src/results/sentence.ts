// A result in one sentence, which is read before any bar.

import type { Results } from "../api/client";
import type { Sums } from "../live/messages";

const list = new Intl.ListFormat("en");

function votes(count: number): string {
  return count === 1 ? "1 vote" : `${count} votes`;
}

/** Says who leads by the sums alone, as they move. */
export function standing(sums: Sums): string {
  if (sums.ballots === 0) return "Nobody has voted yet.";
  const most = Math.max(...sums.options.map((option) => option.sum));
  if (most === 0) return `${votes(sums.ballots)}, and none of them for an option.`;
  const leaders = sums.options.filter((option) => option.sum === most).map((option) => option.label);
  const what =
    sums.counted === "picks"
      ? `${most} of ${votes(sums.ballots)}`
      : sums.counted === "points"
        ? `${most} points of ${votes(sums.ballots)}`
        : `${most} of ${sums.ballots} first choices`;
  if (leaders.length === sums.options.length) return `All are level, with ${what} each.`;
  if (leaders.length > 1) return `${list.format(leaders)} are level, with ${what} each.`;
  return `${leaders[0]} leads with ${what}.`;
}

/** Says why sums alone don't decide, or nothing where they do. */
export function undecided(method: Results["method"]["type"]): string {
  switch (method) {
    case "irv":
    case "stv":
      return "First choices alone don't decide; the rounds do.";
    case "schulze":
    case "ranked_robin":
      return "First choices alone don't decide; the pairs do.";
    case "star":
      return "The totals alone don't decide; the runoff does.";
    default:
      return "";
  }
}

/** Says what a full count has found. */
export function found(result: Results): string {
  const winners = list.format(result.winners.map((winner) => winner.label));
  const final = result.status === "final";
  const stand = final ? (result.winners.length > 1 ? "are elected" : "wins") : result.winners.length > 1 ? "would be elected" : "would win";
  switch (result.outcome) {
    case "empty":
      return final ? "Nobody voted." : "Nobody has voted yet.";
    case "quorum_missed":
      return `The quorum of ${result.quorum?.needed ?? 0} ${final ? "was" : "is"} not reached, so nothing is decided.`;
    case "tied":
      return final && winners
        ? `It was a tie, and the draw decided: ${winners}.`
        : "Those in front are level. If that stays, a draw on closing decides.";
    case "decided":
      return `${winners} ${stand}${final ? "." : " if voting ended now."}`;
  }
}

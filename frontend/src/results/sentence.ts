// A result in one sentence, which is read before any bar.

import { plural, t } from "@lingui/core/macro";
import type { Results } from "../api/client";
import type { Sums } from "../live/messages";
import { listed, number } from "../words/format";

/** Says who leads by the sums alone, as they move. */
export function standing(sums: Sums): string {
  if (sums.ballots === 0) return t`Nobody has voted yet.`;
  const most = Math.max(...sums.options.map((option) => option.sum));
  if (most === 0) return plural(sums.ballots, { one: "# vote, and none of them for an option.", other: "# votes, and none of them for an option." });
  const leaders = sums.options.filter((option) => option.sum === most).map((option) => option.label);
  const what = share(sums.counted, number(most), sums.ballots);
  if (leaders.length === sums.options.length) return t`All are level, with ${what} each.`;
  if (leaders.length > 1) return t`${listed(leaders)} are level, with ${what} each.`;
  return t`${leaders[0] ?? ""} leads with ${what}.`;
}

/** As it stands after "with". */
function share(counted: Sums["counted"], most: string, ballots: number): string {
  if (counted === "picks") return plural(ballots, { one: `${most} of # vote`, other: `${most} of # votes` });
  if (counted === "points") return plural(ballots, { one: `${most} points of # vote`, other: `${most} points of # votes` });
  return plural(ballots, { one: `${most} of # first choices`, other: `${most} of # first choices` });
}

/** Says why sums alone don't decide, or nothing where they do. */
export function undecided(method: Results["method"]["type"]): string {
  switch (method) {
    case "irv":
    case "stv":
      return t`First choices alone don't decide; the rounds do.`;
    case "schulze":
    case "ranked_robin":
      return t`First choices alone don't decide; the pairs do.`;
    case "star":
      return t`The totals alone don't decide; the runoff does.`;
    default:
      return "";
  }
}

/** Says what a full count has found. */
export function found(result: Results): string {
  const winners = listed(result.winners.map((winner) => winner.label));
  const final = result.status === "final";
  const many = result.winners.length;
  const quorum = number(result.quorum?.needed ?? 0);
  switch (result.outcome) {
    case "empty":
      return final ? t`Nobody voted.` : t`Nobody has voted yet.`;
    case "quorum_missed":
      return final
        ? t`The quorum of ${quorum} was not reached, so nothing is decided.`
        : t`The quorum of ${quorum} is not reached, so nothing is decided.`;
    case "tied":
      return final && winners
        ? t`It was a tie, and the draw decided: ${winners}.`
        : t`Those in front are level. If that stays, a draw on closing decides.`;
    case "decided":
      return final
        ? plural(many, { one: `${winners} wins.`, other: `${winners} are elected.` })
        : plural(many, { one: `${winners} would win if voting ended now.`, other: `${winners} would be elected if voting ended now.` });
  }
}

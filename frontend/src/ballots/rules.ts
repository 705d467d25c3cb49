// What a ballot of each method may hold: the rule in a sentence, what is still missing, and what won't count.

import { i18n, type MessageDescriptor } from "@lingui/core";
import { msg, plural, t } from "@lingui/core/macro";
import type { BallotBody, Poll } from "../api/client";

export type Method = Poll["method"];
export type Marks = {
  picks: number[];
  scores: Record<string, number>;
  ranking: number[];
  points: Record<string, number>;
};

export const blank: Marks = { picks: [], scores: {}, ranking: [], points: {} };

const names: Record<Method["type"], MessageDescriptor> = {
  single: msg`One choice`,
  multiple: msg`Several choices`,
  approval: msg`Approval`,
  score: msg`Score`,
  star: msg`STAR`,
  irv: msg`Ranked choice`,
  stv: msg`Ranked choice, several seats`,
  schulze: msg`Ranked, every pair compared`,
  ranked_robin: msg`Ranked robin`,
  points: msg`Points`,
};

export const nameOf = (method: Method): string => i18n._(names[method.type]);

export type Kind = keyof Marks;

export function kindOf(method: Method): Kind {
  switch (method.type) {
    case "single":
    case "multiple":
    case "approval":
      return "picks";
    case "score":
    case "star":
      return "scores";
    case "points":
      return "points";
    default:
      return "ranking";
  }
}

export function sentence(method: Method, options: number): string {
  switch (method.type) {
    case "single":
      return t`Choose one.`;
    case "multiple": {
      const most = method.max_picks ?? options;
      if (method.min_picks === most) return t`Choose exactly ${most}.`;
      return method.min_picks > 1 ? t`Choose ${method.min_picks} to ${most}.` : t`Choose up to ${most}.`;
    }
    case "approval":
      return t`Choose every option that you approve of. The one with most approvals wins.`;
    case "score":
      return t`Score each option from 0 to ${method.max_score}. What you leave out scores 0.`;
    case "star":
      return t`Score each option from 0 to 5. The two with the highest totals meet in a runoff, where your ballot goes to the one that you scored higher.`;
    case "irv":
      return t`Rank as many as you like; if your first can't win, your next counts.`;
    case "stv":
      return plural(method.seats, {
        one: "Rank as many as you like. # is elected; what your first doesn't need goes to your next.",
        other: "Rank as many as you like. # are elected; what your first doesn't need goes to your next.",
      });
    case "schulze":
    case "ranked_robin":
      return t`Rank as many as you like. Every option is compared with every other; what you leave out comes last.`;
    case "points":
      return plural(method.points, { one: "Divide # point as you like.", other: "Divide # points as you like." });
  }
}

export const spent = (marks: Marks): number => Object.values(marks.points).reduce((sum, points) => sum + points, 0);

/** How many options may be ranked. */
export const mostRanks = (method: Method, options: number): number =>
  "max_ranks" in method ? (method.max_ranks ?? options) : options;

/** What keeps a ballot from being cast, or "" if nothing does. */
export function missing(method: Method, marks: Marks): string {
  switch (method.type) {
    case "single":
      return marks.picks.length ? "" : t`Choose one to vote.`;
    case "approval":
      return marks.picks.length ? "" : t`Choose at least one to vote.`;
    case "multiple": {
      const left = method.min_picks - marks.picks.length;
      if (method.max_picks !== null && marks.picks.length > method.max_picks) {
        return t`Take away ${marks.picks.length - method.max_picks}.`;
      }
      return left > 0 ? t`Choose ${left} more to vote.` : "";
    }
    case "score":
    case "star":
      return Object.values(marks.scores).some((score) => score > 0) ? "" : t`Score at least one option above 0.`;
    case "points": {
      const left = method.points - spent(marks);
      if (left > 0) return plural(left, { one: "# point is left to give.", other: "# points are left to give." });
      return left < 0 ? plural(-left, { one: "Take back # point.", other: "Take back # points." }) : "";
    }
    default:
      return marks.ranking.length ? "" : t`Rank at least one to vote.`;
  }
}

/** What the bar at the bottom says once a ballot can be cast. */
export function filled(method: Method, marks: Marks, options: number): string {
  switch (kindOf(method)) {
    case "picks":
      return method.type === "single" ? t`Ready to vote.` : t`${marks.picks.length} of ${options} chosen.`;
    case "scores":
      return t`${Object.keys(marks.scores).length} of ${options} scored.`;
    case "points":
      return t`All points are given.`;
    case "ranking":
      return t`${marks.ranking.length} of ${options} ranked.`;
  }
}

export function bodyOf(method: Method, marks: Marks): BallotBody {
  const kind = kindOf(method);
  if (kind !== "points") return { [kind]: marks[kind] };
  return { points: Object.fromEntries(Object.entries(marks.points).filter(([, points]) => points > 0)) };
}

export function marksOf(ballot: BallotBody): Marks {
  return {
    picks: ballot.picks ?? [],
    scores: ballot.scores ?? {},
    ranking: (ballot.ranking ?? []).flat(),
    points: ballot.points ?? {},
  };
}

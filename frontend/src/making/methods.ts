// What each method asks of voters, how it is counted, what it is good for and what it isn't, in words for who chooses one.

import { type MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import type { Method } from "../ballots/rules";

export type Type = Method["type"];

type Said = {
  /** What a voter does. */
  asks: MessageDescriptor;
  counts: MessageDescriptor;
  choose: MessageDescriptor;
  beware: MessageDescriptor;
  /** Where more is to be read. */
  more: string;
};

const wikipedia = (page: string) => `https://en.wikipedia.org/wiki/${page}`;

export const said: Record<Type, Said> = {
  approval: {
    asks: msg`Everybody picks all the options that they are fine with.`,
    counts: msg`The option that most are fine with wins.`,
    choose: msg`A lunch, a date, a name: it is quick, and options that are alike take nothing from each other.`,
    beware: msg`A ballot can't say that one option is better than another.`,
    more: wikipedia("Approval_voting"),
  },
  multiple: {
    asks: msg`Everybody picks some options, as many as you allow.`,
    counts: msg`The option with most picks wins.`,
    choose: msg`Everybody shall name their three favourites, or exactly two.`,
    beware: msg`A limit makes voters leave out options that they like as well.`,
    more: wikipedia("Multiple_non-transferable_vote"),
  },
  single: {
    asks: msg`Everybody picks one option.`,
    counts: msg`The option with most picks wins, also with far less than half of them.`,
    choose: msg`There are two options, or it shall be as simple as a show of hands.`,
    beware: msg`Of three or more, those that are alike take votes from each other, and one that few want may win.`,
    more: wikipedia("First-past-the-post_voting"),
  },
  irv: {
    asks: msg`Everybody ranks the options, as many as they like.`,
    counts: msg`The last is taken out and its ballots go to their next choice, until one has more than half.`,
    choose: msg`Your voters know it from elections, and a vote for an outsider shall not be lost.`,
    beware: msg`A compromise that most would accept, but few put first, is taken out early.`,
    more: wikipedia("Instant-runoff_voting"),
  },
  star: {
    asks: msg`Everybody scores each option from 0 to 5.`,
    counts: msg`The two with the highest totals meet in a runoff: the one that more ballots score higher wins.`,
    choose: msg`How much people like an option shall count, and exaggerating shall not pay.`,
    beware: msg`It takes a sentence more to explain: the highest total alone doesn't win.`,
    more: wikipedia("STAR_voting"),
  },
  score: {
    asks: msg`Everybody scores each option.`,
    counts: msg`The highest total wins.`,
    choose: msg`You collect ratings, of wines or ideas.`,
    beware: msg`Voters who use only the ends of the scale weigh more than those who weigh carefully.`,
    more: wikipedia("Score_voting"),
  },
  schulze: {
    asks: msg`Everybody ranks the options.`,
    counts: msg`Every option is compared with every other; where the comparisons form a circle, the weakest give way.`,
    choose: msg`An option that would beat each other one alone shall win.`,
    beware: msg`Few can follow the count by hand when there is a circle.`,
    more: wikipedia("Schulze_method"),
  },
  ranked_robin: {
    asks: msg`Everybody ranks the options.`,
    counts: msg`Every option is compared with every other, as in a tournament; the one that wins most comparisons wins.`,
    choose: msg`An option that would beat each other one alone shall win, and everybody shall be able to follow the count.`,
    beware: msg`Options end level more often than with other rankings.`,
    more: wikipedia("Copeland's_method"),
  },
  stv: {
    asks: msg`Everybody ranks the options, as many as they like.`,
    counts:
      msg`Who reaches the quota is elected, and what they don't need goes to the next choices; else the last is taken out, until all seats are filled.`,
    choose: msg`A board or a committee: seats are shared in proportion to what voters want.`,
    beware: msg`The count takes several rounds, and with few ballots a seat may hang on one of them.`,
    more: wikipedia("Single_transferable_vote"),
  },
  points: {
    asks: msg`Everybody divides a number of points among the options.`,
    counts: msg`The points are added up.`,
    choose: msg`You want to know how much matters what, or how to share a budget.`,
    beware: msg`Who puts all points on one option moves the result most.`,
    more: wikipedia("Cumulative_voting"),
  },
};

/** What may be at stake, and the methods for it; the first is the one to take when in doubt. */
export const stakes: { name: MessageDescriptor; methods: [Type, ...Type[]] }[] = [
  { name: msg`What suits most of us`, methods: ["approval", "multiple"] },
  { name: msg`One winner`, methods: ["irv", "star", "single", "score", "ranked_robin", "schulze"] },
  { name: msg`Several seats`, methods: ["stv"] },
  { name: msg`How to share`, methods: ["points"] },
];

export const stakeOf = (type: Type): number => stakes.findIndex((stake) => stake.methods.includes(type));

/** A method as the API would fill it in. */
export function plain(type: Type): Method {
  switch (type) {
    case "multiple":
      return { type, min_picks: 1, max_picks: null };
    case "score":
      return { type, max_score: 5 };
    case "star":
      return { type, max_score: 5 };
    case "irv":
      return { type, seats: 1, max_ranks: null, allow_ties: false };
    case "stv":
      return { type, seats: 2, max_ranks: null, allow_ties: false };
    case "schulze":
    case "ranked_robin":
      return { type, max_ranks: null, allow_ties: true };
    case "points":
      return { type, points: 100 };
    default:
      return { type };
  }
}

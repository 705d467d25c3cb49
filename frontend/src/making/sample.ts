// A made-up vote for lunch: how much some people like what there is, and the ballots that they would cast by each method.
// Counting them is the server's.

import { i18n, type MessageDescriptor } from "@lingui/core";
import { msg, t } from "@lingui/core/macro";
import type { BallotBody } from "../api/client";
import type { Option } from "../ballots/Option";
import { kindOf, type Method } from "../ballots/rules";
import { listed } from "../words/format";

const dishes = [msg`Burgers`, msg`Noodles`, msg`Pizza`, msg`Salad`];

/** The options, in the language that is spoken. */
export const options = (): Option[] =>
  dishes.map((dish, place) => ({ id: place + 1, label: i18n._(dish), description: "", link: null }));

/** How much people of one mind like each option, from 0 to 5, in the options' order. */
export type Group = { name: MessageDescriptor; likes: number[] };

// Chosen so that one choice, ranked choice and all other methods differ: most could live with noodles, few put them first.
export const groups: Group[] = [
  { name: msg`Burger lovers`, likes: [5, 3, 2, 0] },
  { name: msg`Salad lovers`, likes: [0, 4, 1, 5] },
  { name: msg`Noodle lovers`, likes: [1, 5, 2, 3] },
];
export const sizes = [7, 5, 3];

const FINE = 3;

/** A method's parameters, as far as four options can bear them. */
export function fitted(method: Method): Method {
  const most = dishes.length;
  if (method.type === "stv") return { ...method, seats: Math.min(Math.max(method.seats, 1), most - 1) };
  if (method.type !== "multiple") return method;
  const least = Math.min(method.min_picks, most);
  return { ...method, min_picks: least, max_picks: method.max_picks && Math.max(least, Math.min(method.max_picks, most)) };
}

/** The ballot of somebody who likes the options so much. */
export function ballotOf(method: Method, likes: number[]): BallotBody {
  const byLiking = options().map((option, place) => ({ id: option.id, like: likes[place] ?? 0 })).sort((one, two) => two.like - one.like);
  switch (kindOf(method)) {
    case "picks": {
      const fine = byLiking.filter(({ like }) => like >= FINE).length;
      const least = method.type === "multiple" ? method.min_picks : 1;
      const most = method.type === "single" ? 1 : method.type === "multiple" ? (method.max_picks ?? dishes.length) : dishes.length;
      return { picks: byLiking.slice(0, Math.min(Math.max(fine, least), most)).map(({ id }) => id) };
    }
    case "scores": {
      const top = method.type === "score" ? method.max_score : 5;
      return { scores: Object.fromEntries(byLiking.map(({ id, like }) => [id, Math.round((like * top) / 5)])) };
    }
    case "ranking": {
      const most = ("max_ranks" in method && method.max_ranks) || dishes.length;
      return { ranking: byLiking.filter(({ like }) => like > 0).slice(0, most).map(({ id }) => id) };
    }
    case "points": {
      const all = method.type === "points" ? method.points : 100;
      const liked = likes.reduce((sum, like) => sum + like, 0);
      const shares = byLiking.map(({ id, like }) => [id, Math.floor((all * like) / liked)] as [number, number]);
      const given = shares.reduce((sum, [, points]) => sum + points, 0);
      if (shares[0]) shares[0][1] += all - given;
      return { points: Object.fromEntries(shares.filter(([, points]) => points > 0)) };
    }
  }
}

const label = (id: number | string): string => options().find((option) => option.id === Number(id))?.label ?? "";

/** A ballot in words. */
export function inWords(ballot: BallotBody): string {
  if (ballot.ranking) return ballot.ranking.flat().map(label).join(t`, then `);
  if (ballot.picks) return listed(ballot.picks.map(label));
  const numbers = Object.entries(ballot.scores ?? ballot.points ?? {}).sort(([, one], [, two]) => two - one);
  return numbers.map(([id, number]) => `${label(id)} ${number}`).join(", ");
}

/** The ballots as a file that the server counts. */
export function fileOf(method: Method, ballots: { choice: BallotBody; count: number }[]): string {
  const { type } = method;
  const definition = {
    method: { type, ...("seats" in method && { seats: method.seats }), ...("max_score" in method && { max_score: method.max_score }) },
    options: options().map(({ id, label: name }) => ({ id, label: name })),
  };
  return JSON.stringify({ format: "votewave", definition, ballots: ballots.filter(({ count }) => count > 0) });
}

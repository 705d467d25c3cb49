// The strongest path from one option to another, which is what Schulze's method compares.

import type { Results } from "../../api/client";

type Pairs = NonNullable<Results["pairwise"]>;
export type Step = { option: number; votes: number };

/**
 * The shortest chain of won pairs whose weakest link is as strong as the path is; empty where there is none.
 * Each step has how strong its victory is: the ballots of the winning side, or what they are more than the others.
 */
export function path(result: Results, pairs: Pairs, strengths: Pairs, from: number, to: number): Step[] {
  const margins = result.rules.strength === "margins";
  const worth = (a: number, b: number) => {
    const mine = pairs[a]?.[b] ?? 0;
    const theirs = pairs[b]?.[a] ?? 0;
    return mine > theirs ? mine - (margins ? theirs : 0) : 0;
  };
  const needed = strengths[from]?.[to] ?? 0;
  if (needed <= 0) return [];
  const before = new Map<number, number>();
  const queue = [from];
  for (const here of queue) {
    for (const { id: next } of result.options) {
      if (worth(here, next) < needed || next === from || before.has(next)) continue;
      before.set(next, here);
      queue.push(next);
    }
  }
  const steps: Step[] = [];
  for (let here = to; here !== from; ) {
    const previous = before.get(here);
    if (previous === undefined) return [];
    steps.unshift({ option: here, votes: worth(previous, here) });
    here = previous;
  }
  return steps;
}

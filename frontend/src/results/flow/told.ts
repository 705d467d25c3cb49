import { plural, t } from "@lingui/core/macro";
import type { Results } from "../../api/client";
import { amountOf, shown } from "../amounts";
import { listed } from "../../words/format";

/** What a round decided, and where votes go because of it. */
export function told(result: Results, round: Results["rounds"][number]): string {
  const label = (id: number) => result.options.find((option) => option.id === id)?.label ?? "";
  const said: string[] = [];
  const elected = listed(round.elected.map(label));
  const out = listed(round.eliminated.map(label));
  if (round.elected.length) said.push(plural(round.elected.length, { one: `${elected} is elected.`, other: `${elected} are elected.` }));
  if (round.eliminated.length) said.push(plural(round.eliminated.length, { one: `${out} is out.`, other: `${out} are out.` }));
  const moved = new Map<number | null, number>();
  for (const transfer of round.transfers) moved.set(transfer.target, (moved.get(transfer.target) ?? 0) + amountOf(transfer.votes));
  const goals = [...moved].map(([target, count]) =>
    target === null ? t`${shown(count)} to no further choice` : t`${shown(count)} to ${label(target)}`,
  );
  if (goals.length) said.push(t`Votes move: ${listed(goals)}.`);
  return said.join(" ") || t`Nothing is decided yet.`;
}

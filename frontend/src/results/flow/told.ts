import type { Results } from "../../api/client";
import { amountOf, shown } from "../amounts";

const list = new Intl.ListFormat("en");

/** What a round decided, and where votes go because of it. */
export function told(result: Results, round: Results["rounds"][number]): string {
  const label = (id: number) => result.options.find((option) => option.id === id)?.label ?? "";
  const said: string[] = [];
  if (round.elected.length) said.push(`${list.format(round.elected.map(label))} ${round.elected.length > 1 ? "are" : "is"} elected.`);
  if (round.eliminated.length) said.push(`${list.format(round.eliminated.map(label))} ${round.eliminated.length > 1 ? "are" : "is"} out.`);
  const moved = new Map<number | null, number>();
  for (const transfer of round.transfers) moved.set(transfer.target, (moved.get(transfer.target) ?? 0) + amountOf(transfer.votes));
  const goals = [...moved].map(([target, count]) =>
    target === null ? `${shown(count)} to no further choice` : `${shown(count)} to ${label(target)}`,
  );
  if (goals.length) said.push(`Votes move: ${list.format(goals)}.`);
  return said.join(" ") || "Nothing is decided yet.";
}

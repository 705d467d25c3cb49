// Where the parts of a flow of votes stand: a row an option, a column a round. All in pixels; heights are votes.

import { t } from "@lingui/core/macro";
import type { Results } from "../../api/client";
import { amountOf } from "../amounts";

export type Node = { row: number; round: number; x: number; y: number; height: number; votes: number; fate: "in" | "out" | "" };
export type Ribbon = { key: string; round: number; moved: boolean; path: string };
export type Row = { option: number | null; label: string; y: number };
export type Layout = { width: number; height: number; rows: Row[]; nodes: Node[]; ribbons: Ribbon[] };

export const BAR = 14;
const COLUMN = 104;
const TALL = 160; // of all votes together
const LABEL = 22;
const GAP = 14;

/** Places what a count by rounds did. The first out is the last row; what found no further choice is below it. */
export function layout(result: Results): Layout {
  const { rounds } = result;
  const votes = new Map<number | null, number[]>();
  for (const { id } of result.options) {
    votes.set(id, rounds.map((round) => amountOf(round.tallies.find((tally) => tally.option === id)?.votes ?? 0)));
  }
  if (rounds.some((round) => amountOf(round.exhausted) > 0)) {
    votes.set(null, rounds.map((round) => amountOf(round.exhausted)));
  }
  const scale = TALL / Math.max(1, ...rounds.map((_, at) => sum([...votes.values()].map((all) => all[at] ?? 0))));
  const last = (option: number | null) => (option === null ? -1 : (votes.get(option)?.findLastIndex((count) => count > 0) ?? 0));
  const order = [...votes.keys()].sort(
    (a, b) => last(b) - last(a) || (votes.get(b)?.at(last(b)) ?? 0) - (votes.get(a)?.at(last(a)) ?? 0),
  );

  const rows: Row[] = [];
  let y = 0;
  for (const option of order) {
    const label = result.options.find((one) => one.id === option)?.label ?? t`No further choice`;
    rows.push({ option, label, y: y + LABEL });
    y += LABEL + Math.max(2, Math.max(...(votes.get(option) ?? [0])) * scale) + GAP;
  }
  const nodes: Node[] = rows.flatMap((row, at) =>
    rounds.map((round, number) => {
      const count = votes.get(row.option)?.[number] ?? 0;
      const option = row.option ?? -1;
      const fate = round.elected.includes(option) ? "in" : round.eliminated.includes(option) ? "out" : "";
      return { row: at, round: number, x: number * COLUMN, y: row.y, height: count * scale, votes: count, fate };
    }),
  );

  const node = (option: number | null, round: number) =>
    nodes.find((one) => one.round === round && rows[one.row]?.option === option);
  const ribbons: Ribbon[] = [];
  for (const [number, round] of rounds.entries()) {
    if (number + 1 === rounds.length) break;
    const left = new Map<number | null, number>();
    const right = new Map<number | null, number>();
    const flows = [
      ...rows.map(({ option }) => {
        const came = sum(round.transfers.filter((transfer) => transfer.target === option).map((transfer) => amountOf(transfer.votes)));
        return { source: option, target: option, count: Math.max(0, (votes.get(option)?.[number + 1] ?? 0) - came) };
      }),
      ...round.transfers.map((transfer) => ({ ...transfer, count: amountOf(transfer.votes) })),
    ];
    for (const { source, target, count } of flows) {
      const from = node(source, number);
      const to = node(target, number + 1);
      if (!from || !to || count <= 0) continue;
      const thick = count * scale;
      const top = from.y + (left.get(source) ?? 0);
      const end = to.y + (right.get(target) ?? 0);
      left.set(source, (left.get(source) ?? 0) + thick);
      right.set(target, (right.get(target) ?? 0) + thick);
      ribbons.push({
        key: `${number} ${source} ${target}`,
        round: number,
        moved: source !== target,
        path: ribbon(from.x + BAR, top, to.x, end, thick),
      });
    }
  }
  return { width: (rounds.length - 1) * COLUMN + BAR + 56, height: y, rows, nodes, ribbons };
}

function sum(all: number[]): number {
  return all.reduce((total, one) => total + one, 0);
}

function ribbon(x: number, y: number, toX: number, toY: number, thick: number): string {
  const middle = (x + toX) / 2;
  return `M${x} ${y}C${middle} ${y} ${middle} ${toY} ${toX} ${toY}v${thick}C${middle} ${toY + thick} ${middle} ${y + thick} ${x} ${y + thick}z`;
}

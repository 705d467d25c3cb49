// A poll's live stream, as docs/api/live.md and docs/api/votebooth.md describe it, and what each message makes of its sums.

import type { Results } from "../api/client";
import type { Delta, Snapshot } from "./connection";

export type Sums = Pick<
  Results,
  "version" | "status" | "seq" | "method" | "ballots" | "abstentions" | "quorum" | "counted" | "options"
>;

type Hidden = { kind: "hidden"; status: Results["status"]; reason: string; detail: string; shown_at: string | null };
export type State = ({ kind: "sums" } & Sums) | Hidden;
export type Changes = {
  kind: "sums";
  ballots?: number;
  abstentions?: number;
  quorum_reached?: boolean;
  sums?: Record<string, number>;
};

export type Live = {
  /** Null while nothing may be seen, or nothing has come yet. */
  sums: Sums | null;
  hidden: { reason: string; detail: string; shownAt: string | null } | null;
  /** Where the poll stands; null while nothing has come yet. */
  status: Results["status"] | null;
  connected: boolean;
};

export const nothing: Live = { sums: null, hidden: null, status: null, connected: false };

/** Applies a message; null where there is nothing that it leads on from. */
export function apply(live: Live, message: Snapshot<State> | Delta<Changes>): Live | null {
  if (message.type === "delta") {
    if (!live.sums) return null;
    return { ...live, sums: message.events.reduce(changed, { ...live.sums, seq: message.seq }) };
  }
  const { state } = message;
  if (state.kind === "sums") return { ...live, status: state.status, sums: state, hidden: null };
  const hidden = { reason: state.reason, detail: state.detail, shownAt: state.shown_at };
  return { ...live, status: state.status, sums: null, hidden };
}

function changed(sums: Sums, changes: Changes): Sums {
  return {
    ...sums,
    ballots: changes.ballots ?? sums.ballots,
    abstentions: changes.abstentions ?? sums.abstentions,
    quorum: sums.quorum && { ...sums.quorum, reached: changes.quorum_reached ?? sums.quorum.reached },
    options: sums.options.map((option) => ({ ...option, sum: changes.sums?.[option.id] ?? option.sum })),
  };
}

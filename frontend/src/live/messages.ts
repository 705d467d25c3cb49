// A poll's live stream, as docs/api/live.md and docs/api/votebooth.md describe it, and what each message makes of its sums.

import type { Results } from "../api/client";

export type Sums = Pick<
  Results,
  "version" | "status" | "seq" | "method" | "ballots" | "abstentions" | "quorum" | "counted" | "options"
>;

type Hidden = { kind: "hidden"; status: Results["status"]; reason: string; detail: string; shown_at: string | null };
type Changes = {
  kind: "sums";
  ballots?: number;
  abstentions?: number;
  quorum_reached?: boolean;
  sums?: Record<string, number>;
};

export type Message =
  | { type: "snapshot"; epoch: string; seq: number; state: ({ kind: "sums" } & Sums) | Hidden }
  | { type: "delta"; epoch: string; seq: number; prev: number; events: Changes[] }
  | { type: "current" }
  | { type: "refused"; problem: { detail: string } }
  | { type: "ping" }
  | { type: "end"; reason: string; retry_ms: number };

export type Live = {
  /** Null while nothing may be seen, or nothing has come yet. */
  sums: Sums | null;
  hidden: { reason: string; detail: string; shownAt: string | null } | null;
  /** Where the poll stands; null while nothing has come yet. */
  status: Results["status"] | null;
  /** What the next delta has to lead on from. */
  position: { epoch: string; seq: number } | null;
  connected: boolean;
};

export const nothing: Live = { sums: null, hidden: null, status: null, position: null, connected: false };

/** Applies a message; null if one before it was missed, so that everything has to be asked for again. */
export function apply(live: Live, message: Message): Live | null {
  switch (message.type) {
    case "snapshot": {
      const { epoch, seq, state } = message;
      const shown = { status: state.status, position: { epoch, seq }, connected: true };
      if (state.kind === "sums") return { ...shown, sums: state, hidden: null };
      return {
        ...shown,
        sums: null,
        hidden: { reason: state.reason, detail: state.detail, shownAt: state.shown_at },
      };
    }
    case "delta": {
      const { sums, position } = live;
      if (!sums || position?.epoch !== message.epoch || position.seq !== message.prev) return null;
      return {
        ...live,
        connected: true,
        position: { epoch: message.epoch, seq: message.seq },
        sums: message.events.reduce(changed, { ...sums, seq: message.seq }),
      };
    }
    default:
      return { ...live, connected: true };
  }
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

// The messages of live results, as docs/api/votebooth.md describes them, and what each makes of a poll's sums.

import type { Results } from "../api/client";

export type Sums = Pick<
  Results,
  "version" | "status" | "seq" | "method" | "ballots" | "abstentions" | "quorum" | "counted" | "options"
>;

export type Message =
  | ({ type: "snapshot" } & Sums)
  | {
      type: "delta";
      seq: number;
      prev: number;
      changes: { ballots?: number; abstentions?: number; quorum_reached?: boolean; sums?: Record<string, number> };
    }
  | { type: "state"; status: Results["status"]; closes_at: string | null }
  | { type: "hidden"; reason: string; detail: string; shown_at: string | null }
  | { type: "ping" }
  | { type: "end"; reason: string };

export type Live = {
  /** Null while nothing may be seen, or nothing has come yet. */
  sums: Sums | null;
  hidden: { reason: string; detail: string; shownAt: string | null } | null;
  connected: boolean;
};

export const nothing: Live = { sums: null, hidden: null, connected: false };

/** Applies a message; null if one before it was missed, so that everything has to be asked for again. */
export function apply(live: Live, message: Message): Live | null {
  switch (message.type) {
    case "snapshot":
      return { sums: message, hidden: null, connected: true };
    case "hidden":
      return {
        sums: null,
        hidden: { reason: message.reason, detail: message.detail, shownAt: message.shown_at },
        connected: true,
      };
    case "state":
      return { ...live, connected: true, sums: live.sums && { ...live.sums, status: message.status } };
    case "delta": {
      const { sums } = live;
      if (!sums || sums.seq !== message.prev) return null;
      const { changes } = message;
      return {
        ...live,
        connected: true,
        sums: {
          ...sums,
          seq: message.seq,
          ballots: changes.ballots ?? sums.ballots,
          abstentions: changes.abstentions ?? sums.abstentions,
          quorum: sums.quorum && { ...sums.quorum, reached: changes.quorum_reached ?? sums.quorum.reached },
          options: sums.options.map((option) => ({ ...option, sum: changes.sums?.[option.id] ?? option.sum })),
        },
      };
    }
    default:
      return { ...live, connected: true };
  }
}

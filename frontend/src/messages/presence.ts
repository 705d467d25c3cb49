// Who is there (docs/api/messaging.md#live): this page says every minute that it is, and shows of others what they say.

import { useEffect, useState } from "react";
import { follow } from "../live/follow";

export type Presence = { state: "active" | "idle" | "away"; heard_at: string | null };

const BEAT_MS = 60_000;
const LEASE_MS = 180_000;

/** Says that somebody is there, until it is ended: whether they look at this page, or only have it open. */
export function beat(say: (kind: string) => void): () => void {
  const now = () => say(document.visibilityState === "visible" ? "active" : "idle");
  const leaves = () => say("away");
  const timer = window.setInterval(now, BEAT_MS);
  document.addEventListener("visibilitychange", now);
  window.addEventListener("pagehide", leaves);
  now();
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", now);
    window.removeEventListener("pagehide", leaves);
    leaves();
  };
}

/** Whether somebody is there; null as long as that isn't known, or may not be. */
export function usePresence(account: string | undefined): Presence | null {
  const [presence, setPresence] = useState<Presence | null>(null);
  useEffect(() => {
    if (!account) return undefined;
    let timer = 0;
    const { leave } = follow<Presence, never>("messaging", {
      stream: `presence:${account}`,
      take: (message) => {
        if (message.type !== "snapshot") return false;
        clearTimeout(timer);
        setPresence(message.state);
        // What was said holds for three minutes, also where nothing more is heard.
        if (message.state.state !== "away") timer = window.setTimeout(() => setPresence(null), LEASE_MS);
        return true;
      },
      refused: ({ status }) => status !== 404,
    });
    return () => {
      clearTimeout(timer);
      leave();
      setPresence(null);
    };
  }, [account]);
  return presence;
}

// Follows a room over SSE. The browser comes back by itself and names what it had; when the ticket is over, with a new one.

import { useEffect, useState } from "react";
import { api, given } from "../api/client";
import { apply, type Message, type Room } from "./state";

const LONGEST_WAIT_MS = 30_000;
const SILENCE_MS = 40_000; // the server says something every 15 s
const PRESENT_MS = 45_000;

type Following = {
  room: Room;
  connected: boolean;
  /** How far the server's clock is ahead of this one's, for countdowns. */
  aheadMs: number;
};

/** Returns a room as it changes, from what was read of it; the audience says that it is here while this is shown. */
export function useRoom(read: Room): Following {
  const [following, setFollowing] = useState<Following>(() => ({
    room: read,
    connected: true,
    aheadMs: Date.parse(read.now) - Date.now(),
  }));

  useEffect(() => {
    let ended = false;
    let source: EventSource | null = null;
    let timer = 0;
    let tries = 0;
    let room = read;

    const lost = () => setFollowing((before) => ({ ...before, connected: false }));
    const again = () => {
      source?.close();
      if (ended) return;
      lost();
      clearTimeout(timer);
      const wait = Math.min(1000 * 2 ** tries++, LONGEST_WAIT_MS);
      timer = window.setTimeout(() => void open(), wait * (0.5 + Math.random()));
    };
    const heard = () => {
      clearTimeout(timer);
      timer = window.setTimeout(again, SILENCE_MS);
    };
    const open = async () => {
      try {
        const stream = `room:${read.room}`;
        const { ticket } = given(await api.POST("/v1/votebooth/live/tickets", { body: { stream } }));
        if (ended) return;
        source = new EventSource(`/v1/votebooth/live/events?${new URLSearchParams({ stream, ticket })}`);
        source.onmessage = (event: MessageEvent<string>) => {
          const message = JSON.parse(event.data) as Message;
          heard();
          if (message.type === "refused") return again();
          if (message.type === "end") return;
          tries = 0;
          const next = apply(room, message);
          if (!next) return again();
          room = next;
          const clock = message.type === "snapshot" ? { aheadMs: Date.parse(next.now) - Date.now() } : {};
          setFollowing((before) => ({ ...before, ...clock, room: next, connected: true }));
        };
        source.onerror = () => (source?.readyState === EventSource.CLOSED ? again() : lost());
        heard();
      } catch {
        again(); // no ticket: the network or the server is away, and `connected` says so
      }
    };
    const back = () => {
      if (document.visibilityState !== "visible" || source?.readyState === EventSource.OPEN) return;
      tries = 0;
      clearTimeout(timer);
      source?.close();
      void open();
    };

    void open();
    window.addEventListener("online", back);
    document.addEventListener("visibilitychange", back);
    return () => {
      ended = true;
      clearTimeout(timer);
      source?.close();
      window.removeEventListener("online", back);
      document.removeEventListener("visibilitychange", back);
    };
  }, [read]);

  const counts = read.role === "audience" && !following.room.ended;
  useEffect(() => {
    if (!counts) return;
    const params = { path: { room: read.room } };
    // One that is lost matters to a number in steps alone, and the next follows.
    const here = () => void api.PUT("/v1/votebooth/rooms/{room}/presence", { params }).catch(() => undefined);
    here();
    const every = window.setInterval(here, PRESENT_MS);
    return () => clearInterval(every);
  }, [read, counts]);

  return following;
}

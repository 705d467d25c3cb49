// Follows a poll's result over SSE. A viewer with a session takes a ticket first, for tokens don't belong in URLs.

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, given } from "../api/client";
import { useAccount } from "../session/session";
import { apply, type Live, type Message, nothing } from "./messages";

const LONGEST_WAIT_MS = 30_000;
const SILENCE_MS = 40_000; // the server says something every 15 s

/** Returns a poll's sums as they change, and whether they are up to date; `asNobody` what everybody may see of them. */
export function useLive(poll: string, asNobody = false): Live {
  const viewer = useAccount()?.id ?? "";
  const account = asNobody ? "" : viewer;
  const queries = useQueryClient();
  const [live, setLive] = useState<Live>(nothing);

  useEffect(() => {
    let ended = false;
    let source: EventSource | null = null;
    let timer = 0;
    let tries = 0;
    let state: Live = nothing;

    const show = (next: Live) => {
      state = next;
      setLive(next);
    };
    const again = () => {
      source?.close();
      source = null;
      if (ended) return;
      show({ ...state, connected: false });
      clearTimeout(timer);
      const wait = Math.min(1000 * 2 ** tries++, LONGEST_WAIT_MS);
      timer = window.setTimeout(open, wait * (0.5 + Math.random()));
    };
    const heard = () => {
      clearTimeout(timer);
      timer = window.setTimeout(again, SILENCE_MS);
    };
    const open = async () => {
      try {
        const query = new URLSearchParams({ stream: `poll:${poll}` });
        if (account) {
          const body = { stream: `poll:${poll}` };
          query.set("ticket", given(await api.POST("/v1/votebooth/live/tickets", { body })).ticket);
        }
        if (ended) return;
        source = new EventSource(`/v1/votebooth/live/events?${query}`);
        source.onmessage = (event: MessageEvent<string>) => {
          const message = JSON.parse(event.data) as Message;
          tries = 0;
          heard();
          if (message.type === "end" || message.type === "refused") return again();
          const next = apply(state, message);
          if (!next) return again();
          const turned = state.status !== null && next.status !== state.status;
          show(next);
          if (turned) void queries.invalidateQueries({ queryKey: ["poll"] });
        };
        source.onerror = again;
        heard();
      } catch {
        again(); // no ticket: the network or the server is away, and `connected` says so
      }
    };
    const back = () => {
      if (document.visibilityState === "visible" && !state.connected) {
        tries = 0;
        clearTimeout(timer);
        source?.close();
        void open();
      }
    };

    setLive(nothing);
    void open();
    document.addEventListener("visibilitychange", back);
    window.addEventListener("online", back);
    return () => {
      ended = true;
      clearTimeout(timer);
      source?.close();
      document.removeEventListener("visibilitychange", back);
      window.removeEventListener("online", back);
    };
  }, [poll, account, queries]);

  return live;
}

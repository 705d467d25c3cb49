// Follows a room by a screen's token, over a WebSocket: whoever is signed in at this browser, it sees what a screen sees.

import { useEffect, useState } from "react";
import { given, nobody } from "../../api/client";
import { Problem } from "../../api/problem";
import { apply, type Message, type Room } from "../state";

const LONGEST_WAIT_MS = 30_000;
const SILENCE_MS = 40_000; // the server says something every 15 s

type Seen = {
  /** Null until it was read. */
  room: Room | null;
  connected: boolean;
  /** The token is good no longer, or never was. */
  refused: boolean;
  aheadMs: number;
};

/** Returns a room as it changes, for a screen that has this token. */
export function useScreen(code: string, token: string): Seen {
  const [seen, setSeen] = useState<Seen>({ room: null, connected: true, refused: false, aheadMs: 0 });

  useEffect(() => {
    let ended = false;
    let socket: WebSocket | null = null;
    let timer = 0;
    let tries = 0;
    let room: Room | null = null;

    const again = () => {
      if (socket) socket.onclose = socket.onmessage = null;
      socket?.close();
      socket = null;
      if (ended) return;
      setSeen((before) => ({ ...before, connected: false }));
      clearTimeout(timer);
      const wait = Math.min(1000 * 2 ** tries++, LONGEST_WAIT_MS);
      timer = window.setTimeout(() => void open(), wait * (0.5 + Math.random()));
    };
    const heard = () => {
      clearTimeout(timer);
      timer = window.setTimeout(again, SILENCE_MS);
    };
    const show = (next: Room, clock: boolean) => {
      room = next;
      const ahead = clock ? { aheadMs: Date.parse(next.now) - Date.now() } : {};
      setSeen((before) => ({ ...before, ...ahead, room: next, connected: true, refused: false }));
    };
    const open = async () => {
      try {
        const params = { path: { room: code }, header: { "Room-Token": token } };
        show(given(await nobody.GET("/v1/votebooth/rooms/{room}", { params })), true);
      } catch (error) {
        if (!(error instanceof Problem) || error.status !== 404) return again();
        if (!ended) setSeen((before) => ({ ...before, refused: true }));
        return;
      }
      if (ended || !room) return;
      const stream = `room:${room.room}`;
      socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/v1/votebooth/live`);
      socket.onopen = () => socket?.send(JSON.stringify({ type: "follow", stream, token }));
      socket.onmessage = (event: MessageEvent<string>) => {
        const message = JSON.parse(event.data) as Message;
        heard();
        if (message.type === "refused" || message.type === "end") return again();
        const next = room && apply(room, message);
        if (!next) return again();
        tries = 0;
        show(next, message.type === "snapshot");
      };
      socket.onclose = again;
      heard();
    };

    void open();
    return () => {
      ended = true;
      clearTimeout(timer);
      if (socket) socket.onclose = null;
      socket?.close();
    };
  }, [code, token]);

  return seen;
}

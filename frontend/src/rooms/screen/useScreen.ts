// Follows a room by a screen's token: whoever is signed in at this browser, it sees what a screen sees.

import { useEffect, useState } from "react";
import { given, nobody } from "../../api/client";
import { Problem } from "../../api/problem";
import { follow, type Followed } from "../../live/follow";
import { apply, type Change, type Room } from "../state";

const AGAIN_MS = 5_000;

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
    let timer = 0;
    let room: Room | null = null;
    let followed: Followed | null = null;

    const show = (next: Room, clock: boolean) => {
      room = next;
      const ahead = clock ? { aheadMs: Date.parse(next.now) - Date.now() } : {};
      setSeen((before) => ({ ...before, ...ahead, room: next, refused: false }));
    };
    /** Reads the room; a stream that is refused may be so for this screen alone, or for good. */
    const read = async () => {
      try {
        const params = { path: { room: code }, header: { "Room-Token": token } };
        const found = given(await nobody.GET("/v1/votebooth/rooms/{room}", { params }));
        if (ended) return;
        show(found, true);
        followed ??= follow<Room, Change>(
          "votebooth",
          {
            stream: `room:${found.room}`,
            token,
            connected: (connected) => setSeen((before) => ({ ...before, connected })),
            take: (message) => {
              const next = room && apply(room, message);
              if (!next) return false;
              show(next, message.type === "snapshot");
              return true;
            },
            refused: () => {
              void read();
              return true;
            },
          },
          true,
        );
      } catch (error) {
        if (ended) return;
        if (error instanceof Problem && error.status === 404) {
          followed?.leave();
          return setSeen((before) => ({ ...before, refused: true }));
        }
        setSeen((before) => ({ ...before, connected: false }));
        clearTimeout(timer);
        timer = window.setTimeout(() => void read(), AGAIN_MS * (0.5 + Math.random()));
      }
    };

    void read();
    return () => {
      ended = true;
      clearTimeout(timer);
      followed?.leave();
    };
  }, [code, token]);

  return seen;
}

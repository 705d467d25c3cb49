// Follows a room from what was read of it.

import { useEffect, useState } from "react";
import { api } from "../api/client";
import { follow } from "../live/follow";
import { apply, type Change, type Room } from "./state";

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
    let room = read;
    const followed = follow<Room, Change>("votebooth", {
      stream: `room:${read.room}`,
      connected: (connected) => setFollowing((before) => ({ ...before, connected })),
      take: (message) => {
        const next = apply(room, message);
        if (!next) return false;
        room = next;
        const clock = message.type === "snapshot" ? { aheadMs: Date.parse(next.now) - Date.now() } : {};
        setFollowing((before) => ({ ...before, ...clock, room: next }));
        return true;
      },
    });
    return followed.leave;
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

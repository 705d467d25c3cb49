// The polls of a room's agenda, as its hosts see them.

import { useQueries } from "@tanstack/react-query";
import { api, given } from "../../api/client";
import type { Room } from "../state";

/** Returns what is known of each poll of the agenda, in its order. */
export function useAgenda(room: Room) {
  return useQueries({
    queries: (room.agenda?.items ?? []).map(({ poll }) => ({
      queryKey: ["poll", "of agenda", poll],
      queryFn: async () => given(await api.GET("/v1/polls/{poll_id}", { params: { path: { poll_id: poll } } })),
      staleTime: 60_000,
    })),
  });
}

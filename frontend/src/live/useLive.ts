// Follows a poll's result.

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useAccount } from "../session/session";
import { follow } from "./follow";
import { apply, type Changes, type Live, nothing, type State } from "./messages";

/** Returns a poll's sums as they change, and whether they are up to date; `asNobody` what everybody may see of them; of no poll none. */
export function useLive(poll: string | null, asNobody = false): Live {
  const account = useAccount()?.id;
  const viewer = asNobody ? "" : account;
  const queries = useQueryClient();
  const [live, setLive] = useState<Live>(nothing);

  useEffect(() => {
    let state: Live = nothing;
    const show = (next: Live) => {
      state = next;
      setLive(next);
    };
    show(nothing);
    if (!poll) return undefined;
    const followed = follow<State, Changes>(
      "votebooth",
      {
        stream: `poll:${poll}`,
        connected: (connected) => show({ ...state, connected }),
        take: (message) => {
          const next = apply(state, message);
          if (!next) return false;
          const turned = state.status !== null && next.status !== state.status;
          show(next);
          if (turned) void queries.invalidateQueries({ queryKey: ["poll"] });
          return true;
        },
      },
      asNobody,
    );
    return followed.leave;
  }, [poll, viewer, asNobody, queries]);

  return live;
}

// One act of a host at a time: what it changes comes back by the room's stream, as it does to everybody.

import { useMutation } from "@tanstack/react-query";
import { given } from "../../api/client";

type Answer = { data?: unknown; error?: unknown; response: Response };

/** Returns what does an act, whether one is under way, and what went wrong with the last. */
export function useAct() {
  const doing = useMutation({ mutationFn: async (send: () => Promise<Answer>) => given(await send()) });
  return {
    act: (send: () => Promise<Answer>) => {
      if (!doing.isPending) doing.mutate(send);
    },
    busy: doing.isPending,
    error: doing.error,
  };
}

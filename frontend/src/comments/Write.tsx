import { t } from "@lingui/core/macro";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { api, given } from "../api/client";
import { Problem } from "../api/problem";
import { Say } from "../ui/Say";
import { add, type Comment, keys } from "./cache";

type Props = {
  thread: string;
  /** What is answered; nothing for the top of the thread. */
  parent?: Comment;
  onDone?: (made: Comment | null) => void;
};

/** Adds a comment. A second press, or a retry after a lost answer, adds no second one. */
export function Write({ thread, parent, onDone }: Props) {
  const queries = useQueryClient();
  const key = useRef(crypto.randomUUID());
  const [written, setWritten] = useState(0);
  const write = useMutation({
    mutationFn: async (text: string) =>
      given(
        await api.POST("/v1/comments/threads/{thread_id}/comments", {
          params: { path: { thread_id: thread }, header: { "Idempotency-Key": key.current } },
          body: { text, ...(parent ? { parent: parent.id } : {}) },
        }),
      ).comment,
    onSuccess: (made) => {
      key.current = crypto.randomUUID();
      add(queries, made);
      void queries.invalidateQueries({ queryKey: keys.about(thread) });
      setWritten(written + 1);
      onDone?.(made);
    },
    onError: (error) => {
      if (error instanceof Problem) key.current = crypto.randomUUID();
    },
  });
  return (
    <Say
      key={written}
      label={parent ? t`Your answer` : t`Your comment`}
      verb={parent ? t`Answer` : t`Comment`}
      sending={write.isPending}
      error={write.error}
      onSay={(text) => write.mutate(text)}
      {...(onDone ? { onLeave: () => onDone(null) } : {})}
    />
  );
}

// Forms that open below a comment: another text, hiding.

import { t } from "@lingui/core/macro";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, given } from "../api/client";
import { Say } from "../ui/Say";
import { type Comment, replace } from "./cache";

type Props = { comment: Comment; onDone: (told?: string) => void };

export function Edit({ comment, onDone }: Props) {
  const queries = useQueryClient();
  const edit = useMutation({
    mutationFn: async (text: string) =>
      given(await api.PATCH("/v1/comments/{comment_id}", { params: { path: { comment_id: comment.id } }, body: { text } })).comment,
    onSuccess: (made) => {
      replace(queries, comment.thread, comment.id, () => made);
      onDone(t`It is changed.`);
    },
  });
  return (
    <Say
      label={t`Say it in other words`}
      verb={t`Change it`}
      before={comment.text ?? ""}
      sending={edit.isPending}
      error={edit.error}
      onSay={(text) => edit.mutate(text)}
      onLeave={onDone}
    />
  );
}

export function Hide({ comment, onDone }: Props) {
  const queries = useQueryClient();
  const hide = useMutation({
    mutationFn: async (reason: string) => {
      const params = { path: { comment_id: comment.id } };
      return given(await api.PUT("/v1/comments/{comment_id}/hidden", { params, body: { reason } })).comment;
    },
    onSuccess: (made) => {
      replace(queries, comment.thread, comment.id, () => made);
      onDone(t`It is hidden from readers.`);
    },
  });
  return (
    <Say
      label={t`Why it is hidden, for the log`}
      verb={t`Hide it`}
      most={500}
      sending={hide.isPending}
      error={hide.error}
      onSay={(reason) => hide.mutate(reason)}
      onLeave={onDone}
    />
  );
}

// Forms that open below a comment: another text, a report, hiding, an appeal.

import { i18n, type MessageDescriptor } from "@lingui/core";
import { msg, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, given, type Schemas } from "../api/client";
import { Button } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { Field } from "../ui/Field";
import { ProblemNotice } from "../ui/Notice";
import { Say } from "../ui/Say";
import { type Comment, replace } from "./cache";
import styles from "./Comments.module.css";

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

export function Appeal({ comment, onDone }: Props) {
  const appeal = useMutation({
    mutationFn: async (text: string) =>
      given(await api.PUT("/v1/comments/{comment_id}/appeal", { params: { path: { comment_id: comment.id } }, body: { text } })),
    onSuccess: () => onDone(t`A moderator will look at it.`),
  });
  return (
    <Say
      label={t`Why it should be shown again`}
      verb={t`Ask a moderator`}
      most={2000}
      sending={appeal.isPending}
      error={appeal.error}
      onSay={(text) => appeal.mutate(text)}
      onLeave={onDone}
    />
  );
}

type Reason = Schemas["ReportNew"]["reason"];
const reasons: [Reason, MessageDescriptor][] = [
  ["abuse", msg`It attacks or threatens somebody`],
  ["spam", msg`It is spam`],
  ["illegal", msg`It is against the law`],
  ["off_topic", msg`It isn't about this poll`],
  ["other", msg`Something else`],
];

export function Report({ comment, onDone }: Props) {
  const [reason, setReason] = useState<Reason>("abuse");
  const report = useMutation({
    mutationFn: async (note: string) => {
      const params = { path: { comment_id: comment.id } };
      return given(await api.PUT("/v1/comments/{comment_id}/report", { params, body: { reason, note } }));
    },
    onSuccess: () => onDone(t`Thank you. A moderator will look at it; its author doesn't learn who reported it.`),
  });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (!report.isPending) report.mutate(String(new FormData(event.currentTarget).get("note")));
  }

  return (
    <form onSubmit={submit} className={styles.say} onKeyDown={(event) => event.key === "Escape" && onDone()}>
      <Choice label={t`What is wrong with it`} name="reason" value={reason} onChange={(value) => setReason(value as Reason)}>
        {reasons.map(([value, says]) => (
          <option key={value} value={value}>
            {i18n._(says)}
          </option>
        ))}
      </Choice>
      <Field label={t`A note for moderators`} name="note" maxLength={500} hint={t`May be left out.`} />
      {report.error && <ProblemNotice error={report.error} />}
      <div className={styles.acts}>
        <Button type="submit" aria-disabled={report.isPending}>
          <Trans>Report it</Trans>
        </Button>
        <Button kind="quiet" onClick={() => onDone()}>
          <Trans>Leave it</Trans>
        </Button>
      </div>
    </form>
  );
}

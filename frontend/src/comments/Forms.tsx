// Forms that open below a comment: another text, a report, hiding, an appeal.

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
      onDone("It is changed.");
    },
  });
  return (
    <Say
      label="Say it in other words"
      verb="Change it"
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
      onDone("It is hidden from readers.");
    },
  });
  return (
    <Say
      label="Why it is hidden, for the log"
      verb="Hide it"
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
    onSuccess: () => onDone("A moderator will look at it."),
  });
  return (
    <Say
      label="Why it should be shown again"
      verb="Ask a moderator"
      most={2000}
      sending={appeal.isPending}
      error={appeal.error}
      onSay={(text) => appeal.mutate(text)}
      onLeave={onDone}
    />
  );
}

type Reason = Schemas["ReportNew"]["reason"];
const reasons: [Reason, string][] = [
  ["abuse", "It attacks or threatens somebody"],
  ["spam", "It is spam"],
  ["illegal", "It is against the law"],
  ["off_topic", "It isn't about this poll"],
  ["other", "Something else"],
];

export function Report({ comment, onDone }: Props) {
  const [reason, setReason] = useState<Reason>("abuse");
  const report = useMutation({
    mutationFn: async (note: string) => {
      const params = { path: { comment_id: comment.id } };
      return given(await api.PUT("/v1/comments/{comment_id}/report", { params, body: { reason, note } }));
    },
    onSuccess: () => onDone("Thank you. A moderator will look at it; its author doesn't learn who reported it."),
  });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (!report.isPending) report.mutate(String(new FormData(event.currentTarget).get("note")));
  }

  return (
    <form onSubmit={submit} className={styles.say} onKeyDown={(event) => event.key === "Escape" && onDone()}>
      <Choice label="What is wrong with it" name="reason" value={reason} onChange={(value) => setReason(value as Reason)}>
        {reasons.map(([value, says]) => (
          <option key={value} value={value}>
            {says}
          </option>
        ))}
      </Choice>
      <Field label="A note for moderators" name="note" maxLength={500} hint="May be left out." />
      {report.error && <ProblemNotice error={report.error} />}
      <div className={styles.acts}>
        <Button type="submit" aria-disabled={report.isPending}>
          Report it
        </Button>
        <Button kind="quiet" onClick={() => onDone()}>
          Leave it
        </Button>
      </div>
    </form>
  );
}

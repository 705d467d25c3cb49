// Forms that open below what somebody has said, for the sake of moderators: a report, an appeal.

import { i18n, type MessageDescriptor } from "@lingui/core";
import { msg, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Button } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { Field } from "../ui/Field";
import { ProblemNotice } from "../ui/Notice";
import { Say } from "../ui/Say";
import type { Kind } from "./kind";
import { type Reason, services } from "./kinds";
import styles from "./Moderation.module.css";

type Props = { kind: Kind; id: string; onDone: (told?: string) => void };

const reasons: [Reason, MessageDescriptor, Kind[]?][] = [
  ["abuse", msg`It attacks or threatens somebody`],
  ["spam", msg`It is spam`],
  ["illegal", msg`It is against the law`],
  ["off_topic", msg`It isn't about this poll`, ["comment"]],
  ["other", msg`Something else`],
];

export function ReportForm({ kind, id, onDone }: Props) {
  const [reason, setReason] = useState<Reason>("abuse");
  const report = useMutation({
    mutationFn: (note: string) => services[kind].report(id, reason, note),
    onSuccess: () => onDone(t`Thank you. A moderator will look at it. Its author doesn't learn who reported it.`),
  });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (!report.isPending) report.mutate(String(new FormData(event.currentTarget).get("note")));
  }

  return (
    <form onSubmit={submit} className={styles.form} onKeyDown={(event) => event.key === "Escape" && onDone()}>
      <Choice label={t`What is wrong with it`} name="reason" value={reason} onChange={(value) => setReason(value as Reason)}>
        {reasons.map(
          ([value, says, only]) =>
            (!only || only.includes(kind)) && (
              <option key={value} value={value}>
                {i18n._(says)}
              </option>
            ),
        )}
      </Choice>
      <Field label={t`A note for moderators`} name="note" maxLength={500} hint={t`May be left out.`} />
      {kind === "message" && (
        <p className={styles.quiet}>
          <Trans>Moderators see this one message as it is now, and nothing else of what you write to each other.</Trans>
        </p>
      )}
      {report.error && <ProblemNotice error={report.error} kept={t`It isn't reported.`} />}
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

export function AppealForm({ kind, id, onDone }: Props) {
  const appeal = useMutation({
    mutationFn: async (text: string) => services[kind].appeal?.(id, text),
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

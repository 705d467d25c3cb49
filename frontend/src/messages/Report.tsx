import type { MessageDescriptor } from "@lingui/core";
import { i18n } from "@lingui/core";
import { msg, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, given, type Schemas } from "../api/client";
import { Button } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { Field } from "../ui/Field";
import { ProblemNotice } from "../ui/Notice";
import styles from "./Messages.module.css";
import type { Message } from "./talk";

type Reason = Schemas["MessageReport"]["reason"];
const reasons: [Reason, MessageDescriptor][] = [
  ["abuse", msg`It attacks or threatens somebody`],
  ["spam", msg`It is spam`],
  ["illegal", msg`It is against the law`],
  ["other", msg`Something else`],
];

/** Hands one message over to moderators. */
export function Report({ message, onLeave }: { message: Message; onLeave: () => void }) {
  const [reason, setReason] = useState<Reason>("abuse");
  const report = useMutation({
    mutationFn: async (note: string) => {
      const params = { path: { message_id: message.id } };
      return given(await api.PUT("/v1/messaging/messages/{message_id}/report", { params, body: { reason, note } }));
    },
  });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (!report.isPending) report.mutate(String(new FormData(event.currentTarget).get("note")));
  }

  if (report.isSuccess) {
    return (
      <p role="status">
        <Trans>Thank you. A moderator will look at it.</Trans>{" "}
        <button type="button" className={styles.act} onClick={onLeave}>
          <Trans>Close</Trans>
        </button>
      </p>
    );
  }
  return (
    <form onSubmit={submit} className={styles.ask} onKeyDown={(event) => event.key === "Escape" && onLeave()}>
      <Choice label={t`What is wrong with it`} name="reason" value={reason} onChange={(value) => setReason(value as Reason)}>
        {reasons.map(([value, says]) => (
          <option key={value} value={value}>
            {i18n._(says)}
          </option>
        ))}
      </Choice>
      <Field label={t`A note for moderators`} name="note" maxLength={500} hint={t`May be left out.`} />
      <p className={styles.quiet}>
        <Trans>Moderators see this one message as it is now, and nothing else of what you write to each other.</Trans>
      </p>
      {report.error && <ProblemNotice error={report.error} kept={t`It isn't reported.`} />}
      <div className={styles.acts}>
        <Button type="submit" aria-disabled={report.isPending}>
          <Trans>Report it</Trans>
        </Button>
        <Button kind="quiet" onClick={onLeave}>
          <Trans>Leave it</Trans>
        </Button>
      </div>
    </form>
  );
}

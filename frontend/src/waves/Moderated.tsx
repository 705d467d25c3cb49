// Forms that open below a Wave for the sake of moderators: a report, an appeal.

import { i18n, type MessageDescriptor } from "@lingui/core";
import { msg, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, given, type Schemas } from "../api/client";
import { Button } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { Field } from "../ui/Field";
import { ProblemNotice } from "../ui/Notice";
import { Say } from "../ui/Say";
import type { WaveBody } from "./cache";
import styles from "./Waves.module.css";

type Props = { wave: WaveBody; onDone: (told?: string) => void };
type Reason = Schemas["WaveReport"]["reason"];

const reasons: [Reason, MessageDescriptor][] = [
  ["abuse", msg`It attacks or threatens somebody`],
  ["spam", msg`It is spam`],
  ["illegal", msg`It is against the law`],
  ["other", msg`Something else`],
];

export function ReportWave({ wave, onDone }: Props) {
  const [reason, setReason] = useState<Reason>("abuse");
  const report = useMutation({
    mutationFn: async (note: string) => {
      const params = { path: { wave_id: wave.id } };
      return given(await api.PUT("/v1/expressions/waves/{wave_id}/report", { params, body: { reason, note } }));
    },
    onSuccess: () => onDone(t`Thank you. A moderator will look at it; its author doesn't learn who reported it.`),
  });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (!report.isPending) report.mutate(String(new FormData(event.currentTarget).get("note")));
  }

  return (
    <form onSubmit={submit} className={styles.write} onKeyDown={(event) => event.key === "Escape" && onDone()}>
      <Choice label={t`What is wrong with it`} name="reason" value={reason} onChange={(value) => setReason(value as Reason)}>
        {reasons.map(([value, says]) => (
          <option key={value} value={value}>
            {i18n._(says)}
          </option>
        ))}
      </Choice>
      <Field label={t`A note for moderators`} name="note" maxLength={500} hint={t`May be left out.`} />
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

export function AppealWave({ wave, onDone }: Props) {
  const appeal = useMutation({
    mutationFn: async (text: string) =>
      given(await api.PUT("/v1/expressions/waves/{wave_id}/appeal", { params: { path: { wave_id: wave.id } }, body: { text } })),
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

import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import type { Problem } from "../api/problem";
import { Field } from "../ui/Field";
import { localOf, momentOf, zone } from "../ui/time";
import styles from "./Making.module.css";

type Times = { opens_at: string | null; closes_at: string | null };
type Props = { times: Times; begun?: boolean; problem: Problem | null; onChange: (times: Partial<Times>) => void };

/** When voting begins and ends, in the reader's own zone, which is named. */
export function Schedule({ times, begun = false, problem, onChange }: Props) {
  return (
    <fieldset className={styles.part}>
      <legend className={styles.legend}><Trans>When?</Trans></legend>
      <div className={styles.pair}>
        <Field
          label={t`Voting begins`}
          type="datetime-local"
          value={localOf(times.opens_at)}
          disabled={begun}
          hint={begun ? t`It has begun.` : t`Empty: when it is published.`}
          onChange={(event) => onChange({ opens_at: momentOf(event.target.value) })}
          error={problem?.of("opens_at")}
        />
        <Field
          label={t`Voting ends`}
          type="datetime-local"
          value={localOf(times.closes_at)}
          hint={t`Empty: when you close it.`}
          onChange={(event) => onChange({ closes_at: momentOf(event.target.value) })}
          error={problem?.of("closes_at")}
        />
      </div>
      <p className={styles.quiet}><Trans>Times are yours: {zone()}. Voters see them in their own zones, and yours beside them.</Trans></p>
    </fieldset>
  );
}

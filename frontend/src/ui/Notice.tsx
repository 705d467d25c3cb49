import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import type { ReactNode } from "react";
import { Problem } from "../api/problem";
import styles from "./ui.module.css";
import { refusal } from "../words/problems";

export function Notice({ kind, children }: { kind?: "good" | "stop"; children: ReactNode }) {
  return (
    <div className={styles.notice} data-kind={kind} role={kind === "stop" ? "alert" : "status"}>
      {children}
    </div>
  );
}

/** Says what went wrong, what became of the reader's work, and small, what to tell whoever runs VoteWave. */
export function ProblemNotice({ error, kept }: { error: Error; kept?: string }) {
  return (
    <Notice kind="stop">
      <p>{error instanceof Problem ? refusal(error) : t`VoteWave can't be reached. Check your connection, then try again.`}</p>
      {kept && <p>{kept}</p>}
      {error instanceof Problem && error.trace && <p className={styles.hint}><Trans>Trace {error.trace}</Trans></p>}
    </Notice>
  );
}

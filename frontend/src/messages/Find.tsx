import { t } from "@lingui/core/macro";
import styles from "./Messages.module.css";
import { Pick } from "./Pick";

/** Finds somebody to write to. */
export function Find({ account }: { account: string }) {
  return (
    <section aria-label={t`Write to somebody`} className={styles.place}>
      <Pick label={t`Write to`} me={account} />
    </section>
  );
}

import { i18n } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import styles from "./Messages.module.css";
import { usePresence } from "./presence";

const words = { active: msg`Here now`, idle: msg`Here, but not looking` };

/** Says that somebody is there, with a dot or in words; of who is away it says nothing. */
export function There({ account, dot = false }: { account: string; dot?: boolean }) {
  const state = usePresence(account)?.state ?? "away";
  if (state === "away") return null;
  return (
    <span className={styles.there} data-state={state} data-dot={dot}>
      <span className={dot ? "visually-hidden" : undefined}>{i18n._(words[state])}</span>
    </span>
  );
}

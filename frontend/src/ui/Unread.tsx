import { Trans } from "@lingui/react/macro";
import styles from "./ui.module.css";

/** How much isn't read, beside what leads to it. */
export function Unread({ count }: { count: number }) {
  if (count <= 0) return null;
  return (
    <span className={styles.badge}>
      {count >= 100 ? "99+" : count}
      <span className="visually-hidden"> <Trans>unread</Trans></span>
    </span>
  );
}

import { Trans } from "@lingui/react/macro";
import { Button } from "../ui/Button";
import styles from "./Offline.module.css";
import { renew } from "./worker";

/** Offers the new version. */
export function Renewal() {
  return (
    <div className={styles.bar} role="status">
      <p><Trans>There is a new version of VoteWave.</Trans></p>
      <Button kind="quiet" onClick={renew}><Trans>Load it</Trans></Button>
    </div>
  );
}

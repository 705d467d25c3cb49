import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useSyncExternalStore } from "react";
import styles from "../offline/Offline.module.css";
import { useOnline } from "../offline/connection";
import { Button } from "../ui/Button";
import { sender, type Told } from "./sender";

/** Sends what waits from whatever page is open, and says what became of it. */
export function Sending() {
  const queries = useQueryClient();
  const online = useOnline();
  const told = useSyncExternalStore(sender.subscribe, sender.told, sender.told);
  useEffect(() => sender.start(), []);
  const counted = told.filter(({ state }) => state === "counted").length;
  useEffect(() => {
    if (!counted) return;
    // What is on its way for the first time wouldn't be asked for anew, and may be from before the vote.
    const polls = { queryKey: ["poll"] };
    void queries.cancelQueries(polls).then(() => queries.invalidateQueries(polls));
  }, [counted, queries]);
  // Without a connection, another line says what waits (offline/Waiting.tsx).
  return <div role="status">{online && told.map((each) => <Line key={each.waiting.poll} told={each} />)}</div>;
}

function Line({ told }: { told: Told }) {
  const { waiting, state } = told;
  const name = <bdi>{waiting.title ?? t`a poll`}</bdi>;
  const poll = waiting.code ? (
    <Link to="/p/$code" params={{ code: waiting.code }}>{name}</Link>
  ) : (
    <Link to="/polls/$id" params={{ id: waiting.poll }}>{name}</Link>
  );
  const dismiss = () => void sender.dismiss(told);
  switch (state) {
    case "counted":
      return (
        <div className={styles.bar}>
          <p><Trans>Your vote is counted: {poll}</Trans></p>
          <Button kind="quiet" onClick={dismiss}><Trans>Close</Trans></Button>
        </div>
      );
    case "refused":
      return (
        <div className={styles.bar}>
          <p><Trans>Your vote isn't counted; its poll says why: {poll}</Trans></p>
          <Button kind="quiet" onClick={dismiss}><Trans>Forget this vote</Trans></Button>
        </div>
      );
    case "again":
      return (
        <div className={styles.bar}>
          <p><Trans>Your vote doesn't count yet; it is sent again soon: {poll}</Trans></p>
        </div>
      );
  }
}

import { Plural, Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { all, onChange, type Waiting as Kept } from "../outbox/store";
import styles from "./Offline.module.css";

/** Says that there is no connection, and which votes wait for one. */
export function Waiting() {
  const [kept, setKept] = useState<Kept[]>([]);
  useEffect(() => {
    let current = true;
    const look = () => void all().then((found) => current && setKept(found.filter(({ refused }) => !refused)), () => undefined);
    look();
    const stop = onChange(look);
    return () => {
      current = false;
      stop();
    };
  }, []);
  const named = kept.filter(({ code, title }) => code && title);
  return (
    <div className={styles.bar} role="status">
      <p><Trans>There is no connection. What is missing here comes when there is one.</Trans></p>
      {kept.length > 0 && (
        <p>
          <Plural
            value={kept.length}
            one="# vote is kept in this browser and doesn't count yet:"
            other="# votes are kept in this browser and don't count yet:"
          />
        </p>
      )}
      {named.length > 0 && (
        <ul>
          {named.map(({ account, poll, code = "", title }) => (
            <li key={`${account} ${poll}`}>
              <Link to="/p/$code" params={{ code }}><bdi>{title}</bdi></Link>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

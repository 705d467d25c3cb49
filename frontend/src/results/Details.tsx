import type { Results } from "../api/client";
import { Flow } from "./flow/Flow";
import { Pairs } from "./pairs/Pairs";
import styles from "./Result.module.css";
import { Rounds } from "./rounds/Rounds";
import { Runoff } from "./runoff/Runoff";

/** How a result came about: each chart, and a table that says the same. */
export function Details({ result }: { result: Results }) {
  const rounds = result.rounds.filter((round) => round.kind === "count");
  return (
    <div className={styles.inside}>
      {rounds.length > 1 && <Flow key={result.seq} result={{ ...result, rounds }} />}
      <Runoff result={result} />
      {rounds.length > 0 && <Rounds result={{ ...result, rounds }} />}
      <Pairs result={result} />
    </div>
  );
}

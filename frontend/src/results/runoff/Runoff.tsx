import { Trans } from "@lingui/react/macro";
import type { Results } from "../../api/client";
import styles from "./Runoff.module.css";

/** STAR's two stages: the two best by score, and which of them more ballots prefer. */
export function Runoff({ result }: { result: Results }) {
  const { runoff } = result;
  if (!runoff) return null;
  const label = (id: number) => result.options.find((option) => option.id === id)?.label ?? "";
  const scores = [...result.options].sort((a, b) => b.sum - a.sum);
  const finalists = runoff.tallies.map((tally) => tally.option);
  const all = Math.max(1, runoff.tallies.reduce((total, tally) => total + tally.votes, runoff.no_preference));
  const most = Math.max(1, ...scores.map((option) => option.sum));
  return (
    <div className={styles.stages}>
      <table className={styles.table}>
        <caption><Trans>First, the scores: the two highest go on</Trans></caption>
        <tbody>
          {scores.map((option) => (
            <tr key={option.id} data-on={finalists.includes(option.id)}>
              <th scope="row">
                <bdi>{option.label}</bdi>{" "}
                {finalists.includes(option.id) && <span className={styles.mark}><Trans>goes on</Trans></span>}
              </th>
              <td>{option.sum}</td>
              <td className={styles.line}>
                <Line part={option.sum / most} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <table className={styles.table}>
        <caption><Trans>Then, the runoff: which of the two more ballots score higher</Trans></caption>
        <tbody>
          {runoff.tallies.map((tally) => (
            <tr key={tally.option} data-on={tally.option === runoff.winner.id}>
              <th scope="row">
                <bdi>{label(tally.option)}</bdi>{" "}
                {tally.option === runoff.winner.id && <span className={styles.mark}><Trans>wins</Trans></span>}
              </th>
              <td>{tally.votes}</td>
              <td className={styles.line}>
                <Line part={tally.votes / all} />
              </td>
            </tr>
          ))}
          {runoff.no_preference > 0 && (
            <tr>
              <th scope="row"><Trans>Both the same</Trans></th>
              <td>{runoff.no_preference}</td>
              <td className={styles.line}>
                <Line part={runoff.no_preference / all} />
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}

function Line({ part }: { part: number }) {
  return (
    <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect width={Math.max(0, part) * 100} height="8" />
    </svg>
  );
}

import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import type { Results } from "../../api/client";
import styles from "./Pairs.module.css";
import { path } from "./paths";

/** Every pair of options; under Schulze's method also the paths by which the winner beats each other one. */
export function Pairs({ result }: { result: Results }) {
  const { pairwise: pairs, options } = result;
  if (!pairs) return null;
  return (
    <div className={styles.pairs}>
      <div className={styles.scroll} role="region" aria-label={t`Every pair`} tabIndex={0}>
        <table>
          <caption><Trans>How many ballots prefer the option on the left to the one above; bold where it wins the pair</Trans></caption>
          <thead>
            <tr>
              <td />
              {options.map((option) => (
                <th key={option.id} scope="col">
                  {option.label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {options.map((row) => (
              <tr key={row.id}>
                <th scope="row">{row.label}</th>
                {options.map((column) => {
                  const mine = pairs[row.id]?.[column.id] ?? 0;
                  const theirs = pairs[column.id]?.[row.id] ?? 0;
                  return (
                    <td key={column.id} data-wins={mine > theirs}>
                      {row.id === column.id ? "–" : mine}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {result.strengths && <Paths result={result} pairs={pairs} strengths={result.strengths} />}
    </div>
  );
}

type Found = NonNullable<Results["pairwise"]>;

function Paths({ result, pairs, strengths }: { result: Results; pairs: Found; strengths: Found }) {
  const [winner] = result.winners;
  if (!winner) return null;
  const label = (id: number) => result.options.find((option) => option.id === id)?.label ?? "";
  return (
    <section aria-labelledby="paths" className={styles.pairs}>
      <h3 id="paths">
        <Trans>How <bdi>{winner.label}</bdi> beats each other option</Trans>
      </h3>
      <p className={styles.quiet}><Trans>A path goes by pairs that are won, and is as strong as its weakest one. The stronger path of the two decides.</Trans></p>
      <ul className={styles.paths}>
        {result.options
          .filter((other) => other.id !== winner.id)
          .map((other) => {
            const steps = path(result, pairs, strengths, winner.id, other.id);
            const there = strengths[winner.id]?.[other.id] ?? 0;
            const back = strengths[other.id]?.[winner.id] ?? 0;
            return (
              <li key={other.id}>
                <p>
                  <bdi>{winner.label}</bdi>
                  {steps.length === 0 && (
                    <>
                      {" "}
                      <Trans>and <bdi>{other.label}</bdi>: no path of won pairs</Trans>
                    </>
                  )}
                  {steps.map((step) => (
                    <span key={step.option}>
                      {" "}
                      <span className={styles.link} data-weakest={step.votes === there}>
                        —{step.votes}→
                      </span>{" "}
                      <bdi>{label(step.option)}</bdi>
                    </span>
                  ))}
                </p>
                <p className={styles.quiet}>
                  {there === back ? t`${there} there, ${back} back: level, so the published order decides` : t`${there} there, ${back} back`}
                </p>
              </li>
            );
          })}
      </ul>
    </section>
  );
}

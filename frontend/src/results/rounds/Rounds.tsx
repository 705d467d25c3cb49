import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import type { Results } from "../../api/client";
import { amountOf, shown } from "../amounts";
import styles from "./Rounds.module.css";

/** How the count went, round by round, with what moved from whom to whom. */
export function Rounds({ result }: { result: Results }) {
  const label = (id: number | null) =>
    id === null ? t`no further choice` : (result.options.find((option) => option.id === id)?.label ?? "");
  return (
    <ol className={styles.rounds}>
      {result.rounds.map((round) => (
        <li key={round.number}>
          <h3><Trans>Round {round.number}</Trans></h3>
          <table>
            <thead className="visually-hidden">
              <tr>
                <th scope="col"><Trans>Option</Trans></th>
                <th scope="col"><Trans>Votes</Trans></th>
                <th scope="col"><Trans>What became of it</Trans></th>
              </tr>
            </thead>
            <tbody>
              {[...round.tallies]
                .sort((a, b) => amountOf(b.votes) - amountOf(a.votes))
                .map((tally) => (
                  <tr key={tally.option}>
                    <th scope="row">
                      <bdi>{label(tally.option)}</bdi>
                    </th>
                    <td className={styles.votes}>{shown(tally.votes)}</td>
                    <td className={styles.fate}>
                      {round.elected.includes(tally.option) && <span data-fate="in"><Trans>Elected</Trans></span>}
                      {round.eliminated.includes(tally.option) && <span data-fate="out"><Trans>Out</Trans></span>}
                    </td>
                  </tr>
                ))}
            </tbody>
          </table>
          {round.transfers.length > 0 && (
            <ul className={styles.moved}>
              {round.transfers.map((transfer) => (
                <li key={`${transfer.source}-${transfer.target}`}>
                  <Trans>{shown(transfer.votes)} from <bdi>{label(transfer.source)}</bdi> to <bdi>{label(transfer.target)}</bdi></Trans>
                </li>
              ))}
            </ul>
          )}
        </li>
      ))}
    </ol>
  );
}

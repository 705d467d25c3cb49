import type { Results } from "../../api/client";
import { amountOf, shown } from "../amounts";
import styles from "./Rounds.module.css";

/** How the count went, round by round, with what moved from whom to whom. */
export function Rounds({ result }: { result: Results }) {
  const label = (id: number | null) =>
    id === null ? "no further choice" : (result.options.find((option) => option.id === id)?.label ?? "");
  return (
    <ol className={styles.rounds}>
      {result.rounds.map((round) => (
        <li key={round.number}>
          <h3>Round {round.number}</h3>
          <table>
            <thead className="visually-hidden">
              <tr>
                <th scope="col">Option</th>
                <th scope="col">Votes</th>
                <th scope="col">What became of it</th>
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
                      {round.elected.includes(tally.option) && <span data-fate="in">Elected</span>}
                      {round.eliminated.includes(tally.option) && <span data-fate="out">Out</span>}
                    </td>
                  </tr>
                ))}
            </tbody>
          </table>
          {round.transfers.length > 0 && (
            <ul className={styles.moved}>
              {round.transfers.map((transfer) => (
                <li key={`${transfer.source}-${transfer.target}`}>
                  {shown(transfer.votes)} from <bdi>{label(transfer.source)}</bdi> to <bdi>{label(transfer.target)}</bdi>
                </li>
              ))}
            </ul>
          )}
        </li>
      ))}
    </ol>
  );
}

import type { Sums } from "../../live/messages";
import styles from "./Bars.module.css";
import { number, percent } from "../../words/format";

/** One bar an option, in the poll's order, so that nothing jumps while people vote. */
export function Bars({ sums }: { sums: Sums }) {
  const most = Math.max(1, ...sums.options.map((option) => option.sum));
  const leads = Math.max(...sums.options.map((option) => option.sum));
  return (
    <ul className={styles.bars}>
      {sums.options.map((option) => {
        const share = sums.counted !== "points" && sums.ballots ? option.sum / sums.ballots : null;
        return (
          <li key={option.id} data-leads={leads > 0 && option.sum === leads} data-option={option.id}>
            <span className={styles.label}>
              <bdi>{option.label}</bdi>
              <span className={styles.sum}>
                <strong>{number(option.sum)}</strong>
                {share !== null && <span> {percent(share)}</span>}
              </span>
            </span>
            <svg className={styles.track} aria-hidden="true" preserveAspectRatio="none" viewBox="0 0 100 1">
              <rect className={styles.bar} width="100" height="1" style={{ transform: `scaleX(${option.sum / most})` }} />
            </svg>
          </li>
        );
      })}
    </ul>
  );
}

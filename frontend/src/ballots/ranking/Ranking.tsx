import { t } from "@lingui/core/macro";
import { useState } from "react";
import styles from "../option.module.css";
import { type BallotProps, OptionText } from "../Option";
import { mostRanks } from "../rules";

/** An ordered list: tap to add, then up, down and away. Nothing has to be dragged. */
export function Ranking({ method, options, marks, onChange }: BallotProps) {
  const [said, say] = useState("");
  const ranked = marks.ranking.flatMap((id) => options.find((option) => option.id === id) ?? []);
  const rest = options.filter((option) => !marks.ranking.includes(option.id));
  const full = ranked.length >= mostRanks(method, options.length);

  function rank(ranking: number[], told: string) {
    onChange({ ...marks, ranking });
    say(told);
  }

  function move(from: number, to: number) {
    const ranking = marks.ranking.filter((_, place) => place !== from);
    ranking.splice(to, 0, marks.ranking[from] as number);
    rank(ranking, t`${ranked[from]?.label ?? ""} is now number ${to + 1}.`);
  }

  return (
    <div>
      {ranked.length > 0 && (
        <ol className={styles.options} aria-label={t`Your ranking`}>
          {ranked.map((option, place) => (
            <li key={option.id} className={`${styles.row} ${styles.ranked}`} data-marked="true">
              <span className={styles.place}>{place + 1}</span>
              <OptionText option={option} />
              <span className={styles.moves}>
                <button type="button" className={styles.move} aria-label={t`Move ${option.label} up`} disabled={place === 0} onClick={() => move(place, place - 1)}>
                  ↑
                </button>
                <button type="button" className={styles.move} aria-label={t`Move ${option.label} down`} disabled={place === ranked.length - 1} onClick={() => move(place, place + 1)}>
                  ↓
                </button>
                <button
                  type="button"
                  className={styles.move}
                  aria-label={t`Take ${option.label} out of your ranking`}
                  onClick={() => rank(marks.ranking.filter((id) => id !== option.id), t`${option.label} isn't ranked any more.`)}
                >
                  ×
                </button>
              </span>
            </li>
          ))}
        </ol>
      )}
      {rest.length > 0 && (
        <>
          <p className={styles.heading}>
            {ranked.length === 0 ? t`Tap your first choice` : full ? t`Not ranked; you have ranked as many as you may` : t`Tap your choice number ${ranked.length + 1}, or leave it there`}
          </p>
          <div className={styles.options}>
            {rest.map((option) => (
              <button
                key={option.id}
                type="button"
                className={styles.add}
                disabled={full}
                onClick={() => rank([...marks.ranking, option.id], t`${option.label} is number ${ranked.length + 1}.`)}
              >
                <OptionText option={option} />
              </button>
            ))}
          </div>
        </>
      )}
      <p className="visually-hidden" role="status">
        {said}
      </p>
    </div>
  );
}

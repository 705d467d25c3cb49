import { t } from "@lingui/core/macro";
import styles from "../option.module.css";
import { type BallotProps, OptionText } from "../Option";

export function Points({ method, options, marks, onChange }: BallotProps) {
  const all = method.type === "points" ? method.points : 100;
  return (
    <div className={styles.options}>
      {options.map((option) => (
        <label key={option.id} className={`${styles.row} ${styles.points}`} data-marked={!!marks.points[option.id]}>
          <OptionText option={option} />
          <input
            className={styles.number}
            type="number"
            inputMode="numeric"
            min={0}
            max={all}
            step={1}
            placeholder="0"
            aria-label={t`Points for ${option.label}`}
            value={marks.points[option.id] || ""}
            onChange={(event) => {
              const points = Math.min(Math.max(Math.trunc(Number(event.target.value)) || 0, 0), all);
              onChange({ ...marks, points: { ...marks.points, [option.id]: points } });
            }}
          />
        </label>
      ))}
    </div>
  );
}

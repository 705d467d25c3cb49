import { t } from "@lingui/core/macro";
import styles from "../option.module.css";
import { type BallotProps, OptionText } from "../Option";

export function Scores({ method, options, marks, onChange }: BallotProps) {
  const most = method.type === "score" || method.type === "star" ? method.max_score : 5;
  const steps = Array.from({ length: most + 1 }, (_, step) => step);
  return (
    <div className={styles.options}>
      {options.map((option) => (
        <div key={option.id} className={`${styles.row} ${styles.wide}`} data-marked={!!marks.scores[option.id]}>
          <OptionText option={option} />
          <div className={styles.scale} role="radiogroup" aria-label={t`Score of ${option.label}`}>
            {steps.map((step) => (
              <label key={step} className={styles.step}>
                <input
                  type="radio"
                  name={`score-${option.id}`}
                  checked={marks.scores[option.id] === step}
                  onChange={() => onChange({ ...marks, scores: { ...marks.scores, [option.id]: step } })}
                />
                {step}
              </label>
            ))}
          </div>
        </div>
      ))}
    </div>
  );
}

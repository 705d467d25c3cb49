import styles from "../option.module.css";
import { type BallotProps, OptionText } from "../Option";

export function Picks({ method, options, marks, onChange }: BallotProps) {
  const one = method.type === "single";
  const full = method.type === "multiple" && method.max_picks !== null && marks.picks.length >= method.max_picks;

  function mark(id: number, marked: boolean) {
    const others = one ? [] : marks.picks.filter((pick) => pick !== id);
    onChange({ ...marks, picks: marked ? [...others, id] : others });
  }

  return (
    <div className={styles.options}>
      {options.map((option) => {
        const marked = marks.picks.includes(option.id);
        return (
          <label key={option.id} className={styles.row} data-marked={marked}>
            <input
              className={styles.box}
              type={one ? "radio" : "checkbox"}
              name="pick"
              checked={marked}
              disabled={full && !marked}
              onChange={(event) => mark(option.id, event.target.checked)}
            />
            <OptionText option={option} />
          </label>
        );
      })}
    </div>
  );
}

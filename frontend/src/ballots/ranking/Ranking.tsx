import { t } from "@lingui/core/macro";
import { type MouseEvent, useLayoutEffect, useRef, useState } from "react";
import styles from "../option.module.css";
import { type BallotProps, type Option, OptionText } from "../Option";
import { mostRanks } from "../rules";

/** What a button does to an option. */
type Does = "up" | "down" | "out" | "add";

/** Buttons of an option, the first of which that can be pressed gets the focus. */
type Next = { id: number; does: Does[]; preventScroll: boolean };

/** An ordered list: tap to add, then up, down and away. Nothing has to be dragged. */
export function Ranking({ method, options, marks, onChange }: BallotProps) {
  const [said, say] = useState("");
  const ranked = marks.ranking.flatMap((id) => options.find((option) => option.id === id) ?? []);
  const rest = options.filter((option) => !marks.ranking.includes(option.id));
  const most = mostRanks(method, options.length);
  const full = ranked.length >= most;

  // A button that can't be pressed any more, or isn't there, loses the focus to the page.
  const form = useRef<HTMLDivElement>(null);
  const next = useRef<Next | null>(null);
  useLayoutEffect(() => {
    if (!next.current) return;
    const { id, does, preventScroll } = next.current;
    next.current = null;
    const buttons = does.map((each) => form.current?.querySelector<HTMLButtonElement>(`[data-does="${each} ${id}"]:enabled`));
    buttons.find((button) => button)?.focus({ preventScroll });
  });

  function rank(ranking: number[], told: string, id: number, does: Does[], { detail }: MouseEvent) {
    next.current = { id, does, preventScroll: detail > 0 }; // nothing moves away under a finger
    onChange({ ...marks, ranking });
    say(told);
  }

  function move(from: number, to: number, event: MouseEvent) {
    const id = marks.ranking[from] as number;
    const ranking = marks.ranking.filter((_, place) => place !== from);
    ranking.splice(to, 0, id);
    const does: Does[] = to < from ? ["up", "down"] : ["down", "up"];
    rank(ranking, t`${ranked[from]?.label ?? ""} is now number ${to + 1}.`, id, does, event);
  }

  function add(option: Option, event: MouseEvent) {
    const ranking = [...marks.ranking, option.id];
    const at = rest.indexOf(option);
    const following = ranking.length < most ? (rest[at + 1] ?? rest[at - 1]) : undefined;
    const told = t`${option.label} is number ${ranking.length}.`;
    if (following) rank(ranking, told, following.id, ["add"], event);
    else rank(ranking, told, option.id, ["up", "down", "out"], event);
  }

  function takeOut(option: Option, event: MouseEvent) {
    const ranking = marks.ranking.filter((id) => id !== option.id);
    rank(ranking, t`${option.label} isn't ranked any more.`, option.id, ["add"], event);
  }

  return (
    <div ref={form}>
      {ranked.length > 0 && (
        <ol className={styles.options} aria-label={t`Your ranking`}>
          {ranked.map((option, place) => (
            <li key={option.id} className={`${styles.row} ${styles.ranked}`} data-marked="true">
              <span className={styles.place}>{place + 1}</span>
              <OptionText option={option} />
              <span className={styles.moves}>
                <button type="button" className={styles.move} data-does={`up ${option.id}`} aria-label={t`Move ${option.label} up`} disabled={place === 0} onClick={(event) => move(place, place - 1, event)}>
                  ↑
                </button>
                <button type="button" className={styles.move} data-does={`down ${option.id}`} aria-label={t`Move ${option.label} down`} disabled={place === ranked.length - 1} onClick={(event) => move(place, place + 1, event)}>
                  ↓
                </button>
                <button
                  type="button"
                  className={styles.move}
                  data-does={`out ${option.id}`}
                  aria-label={t`Take ${option.label} out of your ranking`}
                  onClick={(event) => takeOut(option, event)}
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
                data-does={`add ${option.id}`}
                disabled={full}
                onClick={(event) => add(option, event)}
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

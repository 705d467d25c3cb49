import { useState } from "react";
import type { Problem } from "../api/problem";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { blankOption, type OptionEntry } from "./entry";
import styles from "./Making.module.css";

const LEAST = 2;
const MOST = 500;

type Props = {
  options: OptionEntry[];
  /** Labels, their number and their order stay; descriptions and links don't. */
  fixed?: boolean;
  problem: Problem | null;
  onChange: (options: OptionEntry[]) => void;
};

/** What may be voted for. */
export function Options({ options, fixed = false, problem, onChange }: Props) {
  const [open, setOpen] = useState<string | null>(null);
  const change = (key: string, edit: Partial<OptionEntry>) =>
    onChange(options.map((option) => (option.key === key ? { ...option, ...edit } : option)));

  function add() {
    if (options.length < MOST) onChange([...options, blankOption()]);
  }

  function up(place: number) {
    const moved = [...options];
    moved.splice(place - 1, 0, ...moved.splice(place, 1));
    onChange(moved);
  }

  return (
    <fieldset className={styles.part}>
      <legend className="visually-hidden">Options</legend>
      {options.map((option, place) => {
        const name = option.label || `option ${place + 1}`;
        return (
          <div key={option.key} className={styles.option}>
            <Field
              label={`Option ${place + 1}`}
              value={option.label}
              maxLength={200}
              required={place < LEAST}
              disabled={fixed}
              onChange={(event) => change(option.key, { label: event.target.value })}
              error={problem?.of(`options.${place}`)}
            />
            <span className={styles.tools}>
              <button
                type="button"
                className={styles.tool}
                aria-label={`More about ${name}`}
                aria-expanded={open === option.key}
                onClick={() => setOpen(open === option.key ? null : option.key)}
              >
                …
              </button>
              {!fixed && (
                <>
                  <button type="button" className={styles.tool} aria-label={`Move ${name} up`} disabled={place === 0} onClick={() => up(place)}>
                    ↑
                  </button>
                  <button
                    type="button"
                    className={styles.tool}
                    aria-label={`Remove ${name}`}
                    disabled={options.length <= LEAST}
                    onClick={() => onChange(options.filter(({ key }) => key !== option.key))}
                  >
                    ×
                  </button>
                </>
              )}
            </span>
            {open === option.key && (
              <div className={styles.wide}>
                <Field
                  label="Description"
                  value={option.description}
                  maxLength={2000}
                  onChange={(event) => change(option.key, { description: event.target.value })}
                />
                <Field
                  label="Link"
                  type="url"
                  value={option.link}
                  maxLength={2000}
                  onChange={(event) => change(option.key, { link: event.target.value })}
                />
              </div>
            )}
          </div>
        );
      })}
      {!fixed && (
        <div>
          <Button kind="quiet" onClick={add}>
            Add an option
          </Button>
        </div>
      )}
    </fieldset>
  );
}

import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { type ClipboardEvent, type KeyboardEvent, useRef, useState } from "react";
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

/** What may be voted for. Enter leads to the next one, and from the last to a new one; a list that is pasted becomes many. */
export function Options({ options, fixed = false, problem, onChange }: Props) {
  const [open, setOpen] = useState<string | null>(null);
  const change = (key: string, edit: Partial<OptionEntry>) =>
    onChange(options.map((option) => (option.key === key ? { ...option, ...edit } : option)));

  const list = useRef<HTMLFieldSetElement>(null);
  const [added, setAdded] = useState(""); // what was added by hand is where one goes on typing

  function add() {
    if (options.length >= MOST) return;
    const option = blankOption();
    setAdded(option.key);
    onChange([...options, option]);
  }

  function next(event: KeyboardEvent, place: number) {
    if (event.key !== "Enter") return;
    const below = list.current?.querySelectorAll<HTMLInputElement>("[data-label] input")[place + 1];
    if (below) below.focus();
    else if (!fixed && options[place]?.label.trim()) add();
  }

  function paste(event: ClipboardEvent, place: number) {
    const lines = event.clipboardData.getData("text").split(/[\r\n]+/).map((line) => line.trim()).filter(Boolean);
    if (lines.length < 2) return;
    event.preventDefault();
    const rest = options.slice(place + 1).filter(({ id, label }) => id !== undefined || label.trim());
    const [first = "", ...others] = options[place]?.label.trim() ? ["", ...lines] : lines;
    const here = options[place] ? [{ ...options[place], ...(first && { label: first }) }] : [];
    const made = others.map((label) => ({ ...blankOption(), label: label.slice(0, 200) }));
    onChange([...options.slice(0, place), ...here, ...made, ...rest].slice(0, MOST));
  }

  function up(place: number) {
    const moved = [...options];
    moved.splice(place - 1, 0, ...moved.splice(place, 1));
    onChange(moved);
  }

  return (
    <fieldset ref={list} className={styles.part}>
      <legend className="visually-hidden"><Trans>Options</Trans></legend>
      {options.map((option, place) => {
        const name = option.label || t`option ${place + 1}`;
        return (
          <div key={option.key} className={styles.option}>
            <div data-label>
              <Field
                label={t`Option ${place + 1}`}
                value={option.label}
                maxLength={200}
                required={place < LEAST}
                disabled={fixed}
                autoFocus={option.key === added}
                onChange={(event) => change(option.key, { label: event.target.value })}
                onKeyDown={(event) => next(event, place)}
                onPaste={(event) => paste(event, place)}
                error={problem?.of(`options.${place}`)}
              />
            </div>
            <span className={styles.tools}>
              <button
                type="button"
                className={styles.tool}
                aria-label={t`More about ${name}`}
                aria-expanded={open === option.key}
                onClick={() => setOpen(open === option.key ? null : option.key)}
              >
                …
              </button>
              {!fixed && (
                <>
                  <button type="button" className={styles.tool} aria-label={t`Move ${name} up`} disabled={place === 0} onClick={() => up(place)}>
                    ↑
                  </button>
                  <button
                    type="button"
                    className={styles.tool}
                    aria-label={t`Remove ${name}`}
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
                  label={t`Description`}
                  value={option.description}
                  maxLength={2000}
                  onChange={(event) => change(option.key, { description: event.target.value })}
                />
                <Field
                  label={t`Link`}
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
            <Trans>Add an option</Trans>
          </Button>
        </div>
      )}
    </fieldset>
  );
}

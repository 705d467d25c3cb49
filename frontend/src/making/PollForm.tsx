import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { type FormEvent, type KeyboardEvent, type ReactNode, useEffect, useState } from "react";
import { Problem } from "../api/problem";
import { Field } from "../ui/Field";
import { Button } from "../ui/Button";
import { Notice, ProblemNotice } from "../ui/Notice";
import { Text } from "../ui/Text";
import type { Entry } from "./entry";
import { drop, keep, kept, type Place } from "./kept";
import { Leave } from "./Leave";
import styles from "./Making.module.css";
import { Methods } from "./Methods";
import { Options } from "./Options";
import { RulesForm } from "./RulesForm";
import { Schedule } from "./Schedule";

type Props = {
  start: Entry;
  /** Where what is entered is kept until it is sent. */
  place: Place;
  /** It is being sent. */
  sending: boolean;
  /** Voting has begun: method, options and rules stay. */
  begun?: boolean;
  /** Somebody has voted: the question stays, too. */
  asked?: boolean;
  error: Error | null;
  /** What became of what was entered if it is refused. */
  refused: string;
  /** The buttons; `name` says which was pressed. */
  children: ReactNode;
  onSend: (entry: Entry, pressed: string) => void;
};

const same = (one: Entry, other: Entry) => JSON.stringify(one) === JSON.stringify(other);

/** A poll to be filled in. */
export function PollForm({ start, place, sending, begun = false, asked = false, error, refused, children, onSend }: Props) {
  const [restored, setRestored] = useState(() => kept(place));
  const [entry, setEntry] = useState(restored ?? start);
  const [isKept, setKept] = useState(restored !== null);
  const unsaved = !same(entry, start);
  const problem = error instanceof Problem ? error : null;
  const set = (edit: Partial<Entry>) => setEntry((old) => ({ ...old, ...edit }));

  // A new entry alone is kept, and what was entered and taken back isn't.
  useEffect(() => {
    if (sending) return;
    if (unsaved) setKept(keep(place, entry));
    else drop(place);
  }, [entry, unsaved]);

  function beginAnew() {
    drop(place);
    setEntry(start);
    setRestored(null);
  }

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const pressed = (event.nativeEvent as SubmitEvent).submitter?.getAttribute("value") ?? "";
    onSend(entry, pressed);
  }

  // A browser would press the first button for whoever types Enter into a field: too easily something is published.
  function stay(event: KeyboardEvent) {
    if (event.key === "Enter" && event.target instanceof HTMLInputElement) event.preventDefault();
  }

  return (
    <form onSubmit={submit} onKeyDown={stay} className={styles.form}>
      <Leave unsaved={unsaved && !sending} kept={isKept} onDrop={() => drop(place)} />
      {restored && (
        <Notice>
          <p><Trans>What you had entered and not saved is here again.</Trans></p>
          <div>
            <Button type="button" kind="quiet" onClick={beginAnew}>
              <Trans>Throw it away</Trans>
            </Button>
          </div>
        </Notice>
      )}
      {!asked && (
        <>
          <Field
            label={t`Question`}
            value={entry.title}
            required
            maxLength={200}
            onChange={(event) => set({ title: event.target.value })}
            error={problem?.of("title")}
          />
          <Text
            label={t`What voters should know`}
            rows={2}
            maxLength={10_000}
            value={entry.description}
            onChange={(event) => set({ description: event.target.value })}
            error={problem?.of("description")}
          />
          <Options options={entry.options} fixed={begun} problem={problem} onChange={(options) => set({ options })} />
        </>
      )}
      {!begun && <Methods method={entry.method} onChange={(method) => set({ method })} error={problem?.of("method")} />}
      <Schedule times={entry} begun={begun} problem={problem} onChange={set} />
      <RulesForm
        rules={entry.rules}
        randomOrder={entry.random_order}
        begun={begun}
        problem={problem}
        onChange={(rules) => set({ rules: { ...entry.rules, ...rules } })}
        onRandomOrder={(random_order) => set({ random_order })}
      />
      {error && <ProblemNotice error={error} kept={refused} />}
      <div className={styles.bar}>{children}</div>
    </form>
  );
}

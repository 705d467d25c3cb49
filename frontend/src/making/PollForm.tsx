import { t } from "@lingui/core/macro";
import { type FormEvent, type KeyboardEvent, type ReactNode, useState } from "react";
import { Problem } from "../api/problem";
import { Field } from "../ui/Field";
import { ProblemNotice } from "../ui/Notice";
import { Text } from "../ui/Text";
import type { Entry } from "./entry";
import styles from "./Making.module.css";
import { Methods } from "./Methods";
import { Options } from "./Options";
import { RulesForm } from "./RulesForm";
import { Schedule } from "./Schedule";

type Props = {
  start: Entry;
  /** Voting has begun: method, options and rules stay. */
  begun?: boolean;
  /** Somebody has voted: the question stays, too. */
  asked?: boolean;
  error: Error | null;
  kept: string;
  /** The buttons; `name` says which was pressed. */
  children: ReactNode;
  onSend: (entry: Entry, pressed: string) => void;
};

/** A poll to be filled in. */
export function PollForm({ start, begun = false, asked = false, error, kept, children, onSend }: Props) {
  const [entry, setEntry] = useState(start);
  const problem = error instanceof Problem ? error : null;
  const set = (edit: Partial<Entry>) => setEntry((old) => ({ ...old, ...edit }));

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
      {error && <ProblemNotice error={error} kept={kept} />}
      <div className={styles.bar}>{children}</div>
    </form>
  );
}

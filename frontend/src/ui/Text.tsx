import { type KeyboardEvent, type Ref, type TextareaHTMLAttributes, useId } from "react";
import styles from "./ui.module.css";

type Props = TextareaHTMLAttributes<HTMLTextAreaElement> & { label: string; error?: string | undefined; ref?: Ref<HTMLTextAreaElement> };

/** A labelled text of several lines. Ctrl+Enter sends its form. */
export function Text({ label, error, ...rest }: Props) {
  const id = useId();

  function send(event: KeyboardEvent<HTMLTextAreaElement>) {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.currentTarget.form?.requestSubmit();
  }

  return (
    <div className={styles.field}>
      <label className={styles.label} htmlFor={id}>
        {label}
      </label>
      <textarea
        id={id}
        className={styles.input}
        aria-describedby={error && `${id}-error`}
        aria-invalid={!!error}
        onKeyDown={send}
        {...rest}
      />
      {error && (
        <span id={`${id}-error`} className={styles.error}>
          {error}
        </span>
      )}
    </div>
  );
}

import { type InputHTMLAttributes, type Ref, useId } from "react";
import styles from "./ui.module.css";

type Props = InputHTMLAttributes<HTMLInputElement> & { label: string; hint?: string; error?: string | undefined; "data-still"?: true | undefined; ref?: Ref<HTMLInputElement> };

/** A labelled line of text, with what is wrong with it read out beside it. */
export function Field({ label, hint, error, ...rest }: Props) {
  const id = useId();
  const told = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div className={styles.field}>
      <label className={styles.label} htmlFor={id}>
        {label}
      </label>
      <input id={id} className={styles.input} aria-describedby={told || undefined} aria-invalid={!!error} {...rest} />
      {hint && (
        <span id={`${id}-hint`} className={styles.hint}>
          {hint}
        </span>
      )}
      {error && (
        <span id={`${id}-error`} className={styles.error}>
          {error}
        </span>
      )}
    </div>
  );
}

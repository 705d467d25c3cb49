import type { ReactNode } from "react";
import styles from "./ui.module.css";

type Props = { label: string; name: string; value?: string; defaultValue?: string; onChange?: (value: string) => void; children: ReactNode };

/** A labelled choice of one among some. */
export function Choice({ label, onChange, children, ...rest }: Props) {
  return (
    <label className={styles.field}>
      <span className={styles.label}>{label}</span>
      <select className={styles.input} onChange={onChange && ((event) => onChange(event.target.value))} {...rest}>
        {children}
      </select>
    </label>
  );
}

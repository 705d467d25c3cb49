import styles from "./ui.module.css";

/** Stands for a word of the navigation where a phone has no room for it; the word is still read out. */
export function Mark({ d }: { d: string }) {
  return (
    <svg viewBox="0 0 24 24" className={styles.mark} aria-hidden="true">
      <path d={d} />
    </svg>
  );
}

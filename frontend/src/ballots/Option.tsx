import type { Poll } from "../api/client";
import type { Marks, Method } from "./rules";
import styles from "./option.module.css";

export type Option = Poll["options"][number];

/** What every method's ballot is given. */
export type BallotProps = {
  method: Method;
  options: Option[];
  marks: Marks;
  onChange: (marks: Marks) => void;
};

export function OptionText({ option }: { option: Option }) {
  return (
    <span className={styles.text}>
      <bdi className={styles.name}>{option.label}</bdi>
      {option.description && (
        <>
          <br />
          <bdi className={styles.description}>{option.description}</bdi>
        </>
      )}
    </span>
  );
}

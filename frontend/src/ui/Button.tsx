import type { ButtonHTMLAttributes } from "react";
import styles from "./ui.module.css";

type Props = ButtonHTMLAttributes<HTMLButtonElement> & { kind?: "main" | "quiet" };

export function Button({ kind = "main", type = "button", ...rest }: Props) {
  return <button type={type} className={styles.button} data-kind={kind} {...rest} />;
}

import { type ReactNode, useEffect } from "react";
import styles from "./ui.module.css";

/** A page of one column; its title is also the tab's. */
export function Page({ title, children }: { title: string; children: ReactNode }) {
  useTitle(title);
  return <div className={styles.page}>{children}</div>;
}

export function useTitle(title: string) {
  useEffect(() => {
    document.title = title ? `${title} · VoteWave` : "VoteWave";
  }, [title]);
}

import { createLink, type LinkComponent } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, ReactNode, Ref } from "react";
import styles from "./Tabs.module.css";

/** Parts of a page, of which one is shown; each has its own address. */
export function Tabs({ label, children }: { label: string; children: ReactNode }) {
  return (
    <nav aria-label={label} className={styles.tabs}>
      {children}
    </nav>
  );
}

type Props = AnchorHTMLAttributes<HTMLAnchorElement> & { ref?: Ref<HTMLAnchorElement> };

const Anchor = createLink((props: Props) => <a {...props} className={styles.tab} />);

export const Tab: LinkComponent<(props: Props) => ReactNode> = (props) => (
  <Anchor activeOptions={{ exact: true, includeSearch: true }} {...props} />
);

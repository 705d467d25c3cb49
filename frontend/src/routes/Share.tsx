import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Link, useLocation } from "@tanstack/react-router";
import { Suspense, useState } from "react";
import type { Poll } from "../api/client";
import { useAccount } from "../session/session";
import { Copy } from "../ui/Copy";
import { part } from "../ui/part";
import styles from "./Share.module.css";

declare module "@tanstack/react-router" {
  interface HistoryState {
    /** The poll that is led to was published a moment ago. */
    made?: boolean;
  }
}

const Qr = part(async () => (await import("../ui/Qr")).Qr);

/** How others get to a poll: its code, its link, and a QR code for phones. */
export function Share({ poll }: { poll: Poll }) {
  const account = useAccount();
  const made = useLocation({ select: ({ state }) => state.made === true }); // whoever has just made a poll wants to share it
  const [open, setOpen] = useState(made);
  return (
    <details className={styles.details} open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary><Trans>Share</Trans></summary>
      <div className={styles.share}>
        {made && <p role="status"><Trans>Your poll is published. Give others its link or its code, and they can vote.</Trans></p>}
        <p>
          <Trans>Code</Trans> <strong className={styles.code}>{poll.code}</strong>
        </p>
        <p>
          <a href={poll.link}>{poll.link}</a>
        </p>
        <div className={styles.actions}>
          <Copy text={poll.link} name={t`Copy the link`} />
          {account?.kind === "user" && (
            <Link to="/home" search={{ about: poll.code }}>
              <Trans>Write a Wave about it</Trans>
            </Link>
          )}
        </div>
        {open && (
          <Suspense>
            <Qr text={poll.link} label={t`QR code of ${poll.link}`} />
          </Suspense>
        )}
      </div>
    </details>
  );
}

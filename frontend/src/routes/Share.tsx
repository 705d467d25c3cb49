import { Link } from "@tanstack/react-router";
import { Suspense, useState } from "react";
import type { Poll } from "../api/client";
import { useAccount } from "../session/session";
import { Copy } from "../ui/Copy";
import { part } from "../ui/part";
import styles from "./Share.module.css";

const Qr = part(async () => (await import("../ui/Qr")).Qr);

/** How others get to a poll: its code, its link, and a QR code for phones. */
export function Share({ poll }: { poll: Poll }) {
  const account = useAccount();
  const [open, setOpen] = useState(false);
  return (
    <details className={styles.details} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Share</summary>
      <div className={styles.share}>
        <p>
          Code <strong className={styles.code}>{poll.code}</strong>
        </p>
        <p>
          <a href={poll.link}>{poll.link}</a>
        </p>
        <div className={styles.actions}>
          <Copy text={poll.link} name="Copy the link" />
          {account?.kind === "user" && (
            <Link to="/home" search={{ about: poll.code }}>
              Write a Wave about it
            </Link>
          )}
        </div>
        {open && (
          <Suspense>
            <Qr text={poll.link} label={`QR code of ${poll.link}`} />
          </Suspense>
        )}
      </div>
    </details>
  );
}

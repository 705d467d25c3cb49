import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
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
      <summary><Trans>Share</Trans></summary>
      <div className={styles.share}>
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

import { Trans } from "@lingui/react/macro";
import { useBlocker } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { Button } from "../ui/Button";
import styles from "./Making.module.css";

type Props = {
  /** There is something that would be lost. */
  unsaved: boolean;
  /** It will be here again when one comes back. */
  kept: boolean;
  onDrop: () => void;
};

/** Asks before a page with something unsaved is left, by a link of ours or by the browser's own means. */
export function Leave({ unsaved, kept, onDrop }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const blocker = useBlocker({ shouldBlockFn: () => unsaved, enableBeforeUnload: unsaved, withResolver: true });
  const asks = blocker.status === "blocked";

  useEffect(() => {
    if (asks) dialog.current?.showModal();
    else dialog.current?.close();
  }, [asks]);

  return (
    <dialog ref={dialog} className={styles.leave} aria-labelledby="leave" onCancel={() => blocker.reset?.()}>
      <h2 id="leave"><Trans>This isn't saved yet</Trans></h2>
      {kept && <p><Trans>If you leave, this browser keeps what you entered until you come back or sign out.</Trans></p>}
      {!kept && <p><Trans>If you leave, what you entered is gone.</Trans></p>}
      <div className={styles.leaving}>
        <Button type="button" autoFocus onClick={() => blocker.reset?.()}>
          <Trans>Stay here</Trans>
        </Button>
        {kept && (
          <Button type="button" kind="quiet" onClick={() => blocker.proceed?.()}>
            <Trans>Leave</Trans>
          </Button>
        )}
        <Button
          type="button"
          kind="quiet"
          onClick={() => {
            onDrop();
            blocker.proceed?.();
          }}
        >
          <Trans>Leave and throw it away</Trans>
        </Button>
      </div>
    </dialog>
  );
}

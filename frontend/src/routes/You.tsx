import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Link, useLocation } from "@tanstack/react-router";
import { useEffect, useId, useRef, useState } from "react";
import { api, given } from "../api/client";
import { useAccount } from "../session/session";
import ui from "../ui/ui.module.css";
import styles from "./You.module.css";

/** What is about the reader: a list that a button opens, and that Escape, another page or a press beside it closes. */
export function You({ onSignOut }: { onSignOut: () => void }) {
  const account = useAccount();
  const [open, setOpen] = useState(false);
  const at = useLocation({ select: (location) => location.href });
  const place = useRef<HTMLDivElement>(null);
  const list = useId();
  const me = useQuery({
    queryKey: ["me", account?.id],
    queryFn: async () => given(await api.GET("/v1/profiles/me")),
    enabled: open,
  });
  useEffect(() => setOpen(false), [at]);
  useEffect(() => {
    if (!open) return;
    const beside = (event: Event) => {
      if (!place.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", beside);
    document.addEventListener("focusin", beside);
    return () => {
      document.removeEventListener("pointerdown", beside);
      document.removeEventListener("focusin", beside);
    };
  }, [open]);

  return (
    <div
      ref={place}
      className={styles.place}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        setOpen(false);
        place.current?.querySelector("button")?.focus();
      }}
    >
      <button type="button" className={ui.nav} aria-expanded={open} aria-controls={list} onClick={() => setOpen(!open)}>
        <Trans>You</Trans>
      </button>
      <ul id={list} className={styles.list} hidden={!open}>
        <li>
          {me.data ? (
            <Link to="/u/$handle" params={{ handle: me.data.handle }}>
              <Trans>Your page</Trans>
            </Link>
          ) : (
            <a><Trans>Your page</Trans></a> // what is below it mustn't move under a finger
          )}
        </li>
        <li>
          <Link to="/polls/mine"><Trans>My polls</Trans></Link>
        </li>
        <li>
          <Link to="/people"><Trans>People</Trans></Link>
        </li>
        <li>
          <Link to="/rooms"><Trans>Rooms</Trans></Link>
        </li>
        {account?.kind === "user" && account.role !== "user" && (
          <li>
            <Link to="/moderation"><Trans>Moderation</Trans></Link>
          </li>
        )}
        <li>
          <Link to="/receipts"><Trans>Receipts</Trans></Link>
        </li>
        <li>
          <Link to="/settings"><Trans>Settings</Trans></Link>
        </li>
        <li>
          <button type="button" onClick={onSignOut}>
            <Trans>Sign out</Trans>
          </button>
        </li>
      </ul>
    </div>
  );
}

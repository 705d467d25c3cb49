import { Trans } from "@lingui/react/macro";
import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { useIsFetching, useMutation, useQueryClient } from "@tanstack/react-query";
import { Suspense, useEffect, useState } from "react";
import { session, useAccount } from "../session/session";
import styles from "../ui/ui.module.css";
import { isScreen } from "../rooms/paths";
import { Letters } from "../messages/Letters";
import { Bell } from "../notifications/Bell";
import { useOnline } from "../offline/connection";
import { useAnyUnsent } from "../offline/unsent";
import { Waiting } from "../offline/Waiting";
import { useNewVersion } from "../offline/worker";
import { Sending } from "../outbox/Sending";
import { ProblemNotice } from "../ui/Notice";
import { part } from "../ui/part";
import { Wave } from "../ui/Wave";
import { Language } from "../words/Language";
import { You } from "./You";

/** Drawn by the build (src/still.tsx), which doesn't know who will be here. */
const STILL = import.meta.env.SSR;

const Renewal = part(async () => (await import("../offline/Renewal")).Renewal);

/** What is said above every page: that there is no connection, or that a newer version of them waits. */
function Above() {
  const online = useOnline();
  const unsent = useAnyUnsent();
  const newer = useNewVersion() && !unsent;
  return <Suspense>{!online ? <Waiting /> : newer && <Renewal />}</Suspense>;
}

export function Shell() {
  const account = useAccount();
  const queries = useQueryClient();
  const screen = useLocation({ select: (location) => isScreen(location.pathname) });

  const leaving = useMutation({
    mutationFn: () => session.signOut(),
    networkMode: "always", // without a connection it fails, and says so
    onSuccess: () => queries.clear(), // what an account has seen doesn't stay on the screen
  });

  // A hall looks at a screen; there is nothing to press on it.
  if (screen) {
    return (
      <main>
        <Outlet />
      </main>
    );
  }
  return (
    <div className={styles.shell}>
      <header className={styles.top}>
        <Link to="/" className={styles.brand}>
          <Wave />
          VoteWave
        </Link>
        <nav className={styles.links} aria-label="VoteWave" data-coming={STILL || undefined}>
          <Link to="/explore" className={styles.nav}>
            <Trans>Explore</Trans>
          </Link>
          <Link to="/join" className={styles.nav}>
            <Trans>Join</Trans>
          </Link>
          {account?.kind === "user" ? (
            <>
              <Link to="/home" className={styles.nav}>
                <Trans>Home</Trans>
              </Link>
              <Link to="/new" className={styles.nav}>
                <Trans>New poll</Trans>
              </Link>
              <Letters account={account.id} />
              <Bell account={account.id} />
              <You onSignOut={() => leaving.mutate()} />
            </>
          ) : (
            <Link to="/sign-in" className={styles.nav}>
              <Trans>Sign in</Trans>
            </Link>
          )}
        </nav>
      </header>
      <div className={styles.above}>
        <Above />
        <Sending />
        {account && leaving.error && <ProblemNotice error={leaving.error} />}
      </div>
      <main>
        <Outlet />
      </main>
      <Foot />
    </div>
  );
}

/** What stands below every page; not to be seen while the page above it comes, which would push it about. */
function Foot() {
  const coming = useIsFetching({ predicate: ({ state }) => state.data === undefined && state.error === null }) > 0;
  const [begun, setBegun] = useState(false); // what a page asks for is asked for once it is drawn
  useEffect(() => setBegun(true), []);
  return (
    <footer className={styles.foot} data-coming={coming || !begun || undefined}>
      <p><Trans>A vote that was acknowledged is stored and counted once.</Trans></p>
      <Language />
    </footer>
  );
}

import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Link, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { FeedList } from "../feed/FeedList";
import { homeOf } from "../feed/reading";
import styles from "../feed/Wish.module.css";
import { useAccount } from "../session/session";
import { Notice } from "../ui/Notice";
import { Page } from "../ui/Page";
import type { Wave } from "../waves/cache";
import { WriteWave } from "../waves/WriteWave";

/** What those whom I follow have published, and I. */
export function Home() {
  const account = useAccount();
  const { about, order = "newest" } = useSearch({ from: "/home" });
  const [written, setWritten] = useState<Wave[]>([]); // until the feed has heard of them
  return (
    <Page title={t`Home`}>
      <h1><Trans>Home</Trans></h1>
      {account?.kind === "user" && (
        <WriteWave key={about} about={about} onDone={(made) => made && setWritten((old) => [made, ...old])} />
      )}
      {account?.kind === "user" && (
        <nav aria-label={t`Order`} className={styles.orders}>
          <Link to="/home" search={{}} activeOptions={{ exact: true, includeSearch: true }}>
            <Trans>Newest first</Trans>
          </Link>
          <Link to="/home" search={{ order: "ranked" }}>
            <Trans>By rank</Trans>
          </Link>
        </nav>
      )}
      {account?.kind === "user" ? (
        <FeedList
          key={order}
          feed={homeOf(order, account.id)}
          mine
          first={written.map(({ id, author, text, created_at }) => ({ kind: "wave", id, author, text, created_at, rippled: null }))}
          empty={
            <Notice>
              <p><Trans>Here will be what you publish, and what people publish whom you follow.</Trans></p>
              <p>
                <Link to="/new"><Trans>Make a poll of your own</Trans></Link>
              </p>
              <p>
                <Link to="/explore"><Trans>See what others ask and say</Trans></Link>
              </p>
            </Notice>
          }
        />
      ) : (
        <Notice>
          <p>
            <Trans><Link to="/sign-in" search={{ then: "/home" }}>
              Sign in
            </Link>{" "}
            to see what people publish whom you follow.</Trans>
          </p>
        </Notice>
      )}
    </Page>
  );
}

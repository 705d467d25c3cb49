import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Link, useSearch } from "@tanstack/react-router";
import { api, given } from "../api/client";
import { FeedList } from "../feed/FeedList";
import { feedOf } from "../feed/reading";
import { useAccount } from "../session/session";
import { Found } from "../feed/Found";
import { Search } from "../feed/Search";
import { Trends } from "../feed/Trends";
import { Notice } from "../ui/Notice";
import { Page } from "../ui/Page";

/** What anybody has published for all, or what is found there. */
export function Explore() {
  const { q = "", show } = useSearch({ from: "/explore" });
  return (
    <Page title={q ? `${q} · ${t`Explore`}` : t`Explore`}>
      <h1><Trans>Explore</Trans></h1>
      <Search key={q} q={q} show={show} />
      {q ? (
        <Found key={`found ${q}`} q={q} show={show} />
      ) : (
        <>
          <Trends />
          <h2><Trans>What is new</Trans></h2>
          <Newest />
        </>
      )}
    </Page>
  );
}

function Newest() {
  const account = useAccount();
  return (
    <FeedList
      feed={feedOf("explore", account?.id, async (cursor) => given(await api.GET("/v1/feed/explore", { params: { query: { cursor } } })))}
      empty={
        <Notice>
          <p><Trans>Nobody has published anything for all yet.</Trans></p>
          <p>
            <Link to="/new"><Trans>Make the first poll</Trans></Link>
          </p>
        </Notice>
      }
    />
  );
}

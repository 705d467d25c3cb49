import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Link, useSearch } from "@tanstack/react-router";
import { Find } from "../messages/Find";
import { useInbox } from "../messages/inbox";
import { List } from "../messages/List";
import { NewGroup } from "../messages/NewGroup";
import { Search } from "../messages/Search";
import { useAccount } from "../session/session";
import { Notice } from "../ui/Notice";
import { Page } from "../ui/Page";
import { Tab, Tabs } from "../ui/Tabs";

export function Messages() {
  const { show } = useSearch({ from: "/messages" });
  const account = useAccount();
  const waiting = useInbox(account?.id)?.filter(({ state }) => state === "requested").length ?? 0;
  if (account?.kind !== "user") return <SignInFirst then="/messages" />;
  return (
    <Page title={t`Messages`}>
      <h1><Trans>Messages</Trans></h1>
      {!show && <Find account={account.id} />}
      <Tabs label={t`Messages`}>
        <Tab to="/messages" search={{}}>
          <Trans>Conversations</Trans>
        </Tab>
        <Tab to="/messages" search={{ show: "requests" }}>
          {waiting > 0 ? t`Requests (${waiting})` : t`Requests`}
        </Tab>
        <Tab to="/messages" search={{ show: "search" }}>
          <Trans>Search</Trans>
        </Tab>
        <Tab to="/messages" search={{ show: "group" }}>
          <Trans>New group</Trans>
        </Tab>
      </Tabs>
      {show === "search" && <Search account={account.id} />}
      {show === "group" && <NewGroup account={account.id} />}
      {(!show || show === "requests") && <List key={show ?? ""} account={account.id} requests={show === "requests"} />}
    </Page>
  );
}

export function SignInFirst({ then }: { then: string }) {
  return (
    <Page title={t`Messages`}>
      <h1><Trans>Messages</Trans></h1>
      <Notice>
        <p>
          <Trans><Link to="/sign-in" search={{ then }}>
            Sign in
          </Link>{" "}
          to write to people.</Trans>
        </p>
      </Notice>
    </Page>
  );
}

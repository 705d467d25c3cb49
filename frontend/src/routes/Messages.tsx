import { Link, useSearch } from "@tanstack/react-router";
import { Find } from "../messages/Find";
import { useInbox } from "../messages/inbox";
import { List } from "../messages/List";
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
    <Page title="Messages">
      <h1>Messages</h1>
      <Find account={account.id} />
      <Tabs label="Messages">
        <Tab to="/messages" search={{}}>
          Conversations
        </Tab>
        <Tab to="/messages" search={{ show: "requests" }}>
          {waiting > 0 ? `Requests (${waiting})` : "Requests"}
        </Tab>
      </Tabs>
      <List key={show ?? ""} account={account.id} requests={show === "requests"} />
    </Page>
  );
}

export function SignInFirst({ then }: { then: string }) {
  return (
    <Page title="Messages">
      <h1>Messages</h1>
      <Notice>
        <p>
          <Link to="/sign-in" search={{ then }}>
            Sign in
          </Link>{" "}
          to write to people.
        </p>
      </Notice>
    </Page>
  );
}

import { Link } from "@tanstack/react-router";
import { List } from "../notifications/List";
import { useAccount } from "../session/session";
import { Notice } from "../ui/Notice";
import { Page } from "../ui/Page";

export function News() {
  const account = useAccount();
  return (
    <Page title="News">
      <h1>News</h1>
      {account?.kind === "user" ? (
        <>
          <List />
          <p>
            <Link to="/settings" search={{ show: "notifications" }}>
              Choose what you are told of
            </Link>
          </p>
        </>
      ) : (
        <Notice>
          <p>
            <Link to="/sign-in" search={{ then: "/notifications" }}>
              Sign in
            </Link>{" "}
            to see what others did.
          </p>
        </Notice>
      )}
    </Page>
  );
}

import { Link } from "@tanstack/react-router";
import { api, given } from "../api/client";
import { FeedList } from "../feed/FeedList";
import { useAccount } from "../session/session";
import { Notice } from "../ui/Notice";
import { Page } from "../ui/Page";

/** What those whom I follow have published, and I. */
export function Home() {
  const account = useAccount();
  return (
    <Page title="Home">
      <h1>Home</h1>
      {account?.kind === "user" ? (
        <FeedList
          name="home"
          read={async (cursor) => given(await api.GET("/v1/feed/home", { params: { query: { cursor } } }))}
          empty={
            <Notice>
              <p>Here will be your polls, and those of people whom you follow.</p>
              <p>
                <Link to="/explore">See what others ask</Link>
              </p>
            </Notice>
          }
        />
      ) : (
        <Notice>
          <p>
            <Link to="/sign-in" search={{ then: "/home" }}>
              Sign in
            </Link>{" "}
            to see the polls of people whom you follow.
          </p>
        </Notice>
      )}
    </Page>
  );
}

import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { List } from "../notifications/List";
import { useAccount } from "../session/session";
import { Notice } from "../ui/Notice";
import { Page } from "../ui/Page";

export function News() {
  const account = useAccount();
  return (
    <Page title={t`News`}>
      <h1><Trans>News</Trans></h1>
      {account?.kind === "user" ? (
        <>
          <List />
          <p>
            <Link to="/settings" search={{ show: "notifications" }}>
              <Trans>Choose what you are told of</Trans>
            </Link>
          </p>
        </>
      ) : (
        <Notice>
          <p>
            <Trans><Link to="/sign-in" search={{ then: "/notifications" }}>
              Sign in
            </Link>{" "}
            to see what others did.</Trans>
          </p>
        </Notice>
      )}
    </Page>
  );
}

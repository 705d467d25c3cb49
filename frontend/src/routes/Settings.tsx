import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Link, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useAccount } from "../session/session";
import { Wishes } from "../feed/Wishes";
import { Delivery } from "../notifications/Delivery";
import { Devices } from "../notifications/Devices";
import { Preferences } from "../notifications/Preferences";
import { AccountForms } from "../settings/AccountForms";
import { Archive } from "../settings/Archive";
import { Pictures } from "../settings/Pictures";
import { Keys } from "../settings/Keys";
import { Leaving, Left } from "../settings/Leaving";
import { ProfileForm } from "../settings/ProfileForm";
import { Seen } from "../settings/Seen";
import { Sessions } from "../settings/Sessions";
import { Spoken } from "../settings/Spoken";
import { Notice } from "../ui/Notice";
import { Page } from "../ui/Page";
import { Tab, Tabs } from "../ui/Tabs";

export function Settings() {
  const { show } = useSearch({ from: "/settings" });
  const account = useAccount();
  const [left, setLeft] = useState<string | null>(null);
  if (left && !account) {
    return (
      <Page title={t`Settings`}>
        <h1><Trans>You are leaving</Trans></h1>
        <Left dueAt={left} />
      </Page>
    );
  }
  if (account?.kind !== "user") {
    return (
      <Page title={t`Settings`}>
        <h1><Trans>Settings</Trans></h1>
        <Notice>
          <p>
            <Trans><Link to="/sign-in" search={{ then: "/settings" }}>
              Sign in
            </Link>{" "}
            to change what is yours.</Trans>
          </p>
        </Notice>
      </Page>
    );
  }
  return (
    <Page title={t`Settings`}>
      <h1><Trans>Settings</Trans></h1>
      <Tabs label={t`Settings`}>
        <Tab to="/settings" search={{}}>
          <Trans>Profile</Trans>
        </Tab>
        <Tab to="/settings" search={{ show: "account" }}>
          <Trans>Account</Trans>
        </Tab>
        <Tab to="/settings" search={{ show: "sessions" }}>
          <Trans>Sessions</Trans>
        </Tab>
        <Tab to="/settings" search={{ show: "keys" }}>
          <Trans>API keys</Trans>
        </Tab>
        <Tab to="/settings" search={{ show: "notifications" }}>
          <Trans>News</Trans>
        </Tab>
        <Tab to="/settings" search={{ show: "feed" }}>
          <Trans>Feed</Trans>
        </Tab>
        <Tab to="/settings" search={{ show: "messages" }}>
          <Trans>Messages</Trans>
        </Tab>
        <Tab to="/settings" search={{ show: "data" }}>
          <Trans>Your data</Trans>
        </Tab>
      </Tabs>
      {!show && <Pictures />}
      {!show && <ProfileForm />}
      {show === "account" && (
        <>
          <Spoken />
          <AccountForms />
        </>
      )}
      {show === "sessions" && <Sessions />}
      {show === "keys" && <Keys />}
      {show === "notifications" && (
          <>
            <Preferences />
            <Delivery />
            <Devices />
          </>
        )}
      {show === "feed" && <Wishes />}
      {show === "messages" && <Seen />}
      {show === "data" && (
        <>
          <Archive />
          <Leaving onLeft={setLeft} />
        </>
      )}
    </Page>
  );
}

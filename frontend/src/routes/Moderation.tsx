import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Link, useSearch } from "@tanstack/react-router";
import { Filters } from "../moderation/Filters";
import { Limits } from "../moderation/Limits";
import { Log } from "../moderation/Log";
import { Queue } from "../moderation/Queue";
import { useAccount } from "../session/session";
import { Notice } from "../ui/Notice";
import { Page } from "../ui/Page";
import { Tab, Tabs } from "../ui/Tabs";

/** What moderators do. Whether somebody may is the API's to say; this page only spares others the refusal. */
export function Moderation() {
  const { show, kind } = useSearch({ from: "/moderation" });
  const account = useAccount();
  const may = account?.kind === "user" && account.role !== "user";
  return (
    <Page title={t`Moderation`}>
      <h1>
        <Trans>Moderation</Trans>
      </h1>
      {!account || account.kind !== "user" ? (
        <Notice>
          <p>
            <Link to="/sign-in" search={{ then: "/moderation" }}>
              <Trans>Sign in</Trans>
            </Link>{" "}
            <Trans>as a moderator to see what waits.</Trans>
          </p>
        </Notice>
      ) : !may ? (
        <Notice>
          <p>
            <Trans>This page is for moderators. To tell them of a comment, a Wave or a message, open “More” beside it and report it.</Trans>
          </p>
          <p>
            <Link to="/home">
              <Trans>Go to your feed</Trans>
            </Link>
          </p>
        </Notice>
      ) : (
        <>
          <Tabs label={t`Moderation`}>
            <Tab to="/moderation" search={kind ? { kind } : {}}>
              <Trans>What waits</Trans>
            </Tab>
            <Tab to="/moderation" search={{ show: "filters" }}>
              <Trans>Filters</Trans>
            </Tab>
            <Tab to="/moderation" search={{ show: "limits" }}>
              <Trans>Limits</Trans>
            </Tab>
            <Tab to="/moderation" search={{ show: "log" }}>
              <Trans>Log</Trans>
            </Tab>
          </Tabs>
          {show === "filters" && <Filters />}
          {show === "limits" && <Limits />}
          {show === "log" && <Log />}
          {!show && <Queue kind={kind} />}
        </>
      )}
    </Page>
  );
}

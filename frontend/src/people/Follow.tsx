import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Schemas } from "../api/client";
import { useAccount } from "../session/session";
import { Button } from "../ui/Button";
import { ProblemNotice } from "../ui/Notice";
import ui from "../ui/ui.module.css";
import styles from "./Profile.module.css";
import { type Act, type Relation, useAct, useRelations } from "./relations";

type Profile = Schemas["ProfileView"];

/** How somebody and I stand to each other, and what changes it. */
export function Follow({ profile }: { profile: Profile }) {
  const account = useAccount();
  const relations = useRelations([profile.account]);
  if (account?.kind !== "user") {
    return (
      <p className={styles.quiet}>
        <Trans><Link to="/sign-in" search={{ then: `/u/${profile.handle}` }}>
          Sign in
        </Link>{" "}
        to follow them.</Trans>
      </p>
    );
  }
  if (account.id === profile.account) {
    return (
      <p className={styles.quiet}>
        <Trans>This is how others see you. <Link to="/settings">Change it</Link></Trans>
      </p>
    );
  }
  if (relations.error) return <ProblemNotice error={relations.error} />;
  const relation = relations.data?.[0];
  return relation ? <Standing relation={relation} handle={profile.handle} /> : null;
}

function Standing({ relation, handle }: { relation: Relation; handle: string }) {
  const change = useAct(relation.person.id);
  const [more, setMore] = useState(false);
  const [sure, ask] = useState(false);
  const { i_follow: mine, follows_me: theirs, followers, following, blocked, muted } = relation;
  const button = (act: Act, name: string, kind: "main" | "quiet" = "quiet") => (
    <Button
      kind={kind}
      aria-disabled={change.isPending}
      onClick={() => {
        ask(false);
        if (!change.isPending) change.mutate(act);
      }}
    >
      {name}
    </Button>
  );
  return (
    <>
      <div className={styles.follow}>
        {blocked && button("unblock", t`Unblock`)}
        {!blocked && mine === "none" && button("follow", relation.private ? t`Ask to follow` : t`Follow`, "main")}
        {!blocked && mine === "requested" && button("unfollow", t`Withdraw my request`)}
        {!blocked && mine === "accepted" && button("unfollow", t`Unfollow`)}
        {!blocked && (
          <Link to="/messages/with/$handle" params={{ handle }} className={ui.button} data-kind="quiet">
            <Trans>Write</Trans>
          </Link>
        )}
        {!blocked && theirs === "requested" && button("accept", t`Let them follow you`, "main")}
        <p className={styles.quiet} role="status">
          {[
            blocked && t`You block them: neither of you sees the other`,
            followers !== null && plural(followers, { one: "# follower", other: "# followers" }),
            following !== null && following > 0 && t`follows ${following}`,
            mine === "accepted" && t`you follow them`,
            mine === "requested" && t`they have to accept your request`,
            theirs === "accepted" && t`they follow you`,
            theirs === "requested" && t`they ask to follow you`,
            muted && t`you mute them`,
          ]
            .filter(Boolean)
            .join(" · ")}
        </p>
        {!blocked && (
          <Button kind="quiet" aria-expanded={more} onClick={() => setMore(!more)}>
            {more ? t`Less` : t`More`}
          </Button>
        )}
      </div>
      {more && !blocked && (
        <div className={styles.follow}>
          {theirs === "accepted" && button("remove", t`Remove as follower`)}
          {muted ? button("unmute", t`Unmute`) : button("mute", t`Mute`)}
          {sure ? (
            button("block", t`Block them for good`)
          ) : (
            <Button kind="quiet" onClick={() => ask(true)}>
              <Trans>Block</Trans>
            </Button>
          )}
          <p className={styles.quiet} role="status">
            {sure
              ? t`A block ends what you follow of each other. They aren't told; to them you aren't there.`
              : t`Muted people don't come up in your lists. They don't learn of it.`}
          </p>
        </div>
      )}
      {change.error && <ProblemNotice error={change.error} />}
    </>
  );
}

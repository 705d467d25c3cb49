import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, given, type Schemas } from "../api/client";
import { type Act, useAct, useRelations } from "../people/relations";
import { Button } from "../ui/Button";
import { ProblemNotice } from "../ui/Notice";
import { Members } from "./Members";
import styles from "./Messages.module.css";

type Props = { conversation: Schemas["ConversationView"]; members: Schemas["ConversationMember"][]; me: string };

/** Who is in it, and how one gets away from it. */
export function About({ conversation, members, me }: Props) {
  const [open, setOpen] = useState(false);
  return (
    <div className={styles.ask}>
      <div className={styles.acts}>
        <Link to="/messages" className={styles.act}>
          <Trans>All messages</Trans>
        </Link>
        <button type="button" className={styles.act} aria-expanded={open} onClick={() => setOpen(!open)}>
          {conversation.kind === "group" ? t`Members (${members.length})` : t`Block …`}
        </button>
      </div>
      {open && conversation.kind === "group" && (
        <>
          <Members group={conversation.id} title={conversation.title} role={conversation.role} members={members} me={me} />
          <Leave group={conversation.id} me={me} />
        </>
      )}
      {open && conversation.other && <Block person={conversation.other.id} />}
    </div>
  );
}

function Leave({ group, me }: { group: string; me: string }) {
  const [sure, ask] = useState(false);
  const navigate = useNavigate();
  const leave = useMutation({
    mutationFn: async () =>
      given(await api.DELETE("/v1/messaging/groups/{conversation_id}/members/{account_id}", { params: { path: { conversation_id: group, account_id: me } } })),
    onSuccess: () => navigate({ to: "/messages" }),
  });
  return (
    <div className={styles.ask}>
      {sure && <p><Trans>You won't be able to read it any more, not even what was written until now.</Trans></p>}
      {leave.error && <ProblemNotice error={leave.error} />}
      <div>
        <Button kind="quiet" aria-disabled={leave.isPending} onClick={() => (sure ? !leave.isPending && leave.mutate() : ask(true))}>
          {sure ? t`Leave it for good` : t`Leave the group`}
        </Button>
      </div>
    </div>
  );
}

function Block({ person }: { person: string }) {
  const relation = useRelations([person]).data?.[0];
  const change = useAct(person);
  const act: Act = relation?.blocked ? "unblock" : "block";
  return (
    <div className={styles.ask}>
      <p>
        {relation?.blocked
          ? t`You block them: neither of you can write to the other.`
          : t`A block ends what you follow of each other, and neither of you can write to the other. They aren't told. What was written stays.`}
      </p>
      {change.error && <ProblemNotice error={change.error} />}
      <div>
        <Button kind="quiet" aria-disabled={change.isPending} onClick={() => !change.isPending && change.mutate(act)}>
          {relation?.blocked ? t`Unblock` : t`Block them for good`}
        </Button>
      </div>
    </div>
  );
}

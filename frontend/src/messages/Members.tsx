import { i18n } from "@lingui/core";
import { msg, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, given, type Schemas } from "../api/client";
import { Avatar } from "../people/Avatar";
import { nameOf, Person } from "../people/Person";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { ProblemNotice } from "../ui/Notice";
import { keys } from "./inbox";
import styles from "./Messages.module.css";
import { Pick } from "./Pick";

type Member = Schemas["ConversationMember"];
type Role = Member["role"];
type Props = { group: string; title: string; role: Role; members: Member[]; me: string };

const roles = { owner: msg`owner`, admin: msg`admin`, member: null };
function roleOf(role: Role): string {
  const said = roles[role];
  return said ? i18n._(said) : "";
}

const rank = { owner: 2, admin: 1, member: 0 };

/** Who is in a group, and what this member may change of that. The stream brings what becomes of it. */
export function Members({ group, title, role, members, me }: Props) {
  const queries = useQueryClient();
  const [open, setOpen] = useState<"add" | "name" | null>(null);
  const [asked, ask] = useState<{ id: string; what: Role | "remove" } | null>(null);
  const done = () => {
    ask(null);
    return queries.invalidateQueries({ queryKey: keys.conversation(group) });
  };
  const put = useMutation({
    mutationFn: async ({ id, wanted }: { id: string; wanted: Role }) => {
      const params = { path: { conversation_id: group, account_id: id } };
      return given(await api.PUT("/v1/messaging/groups/{conversation_id}/members/{account_id}", { params, body: { role: wanted } }));
    },
    onSuccess: done,
  });
  const remove = useMutation({
    mutationFn: async (id: string) => {
      const params = { path: { conversation_id: group, account_id: id } };
      return given(await api.DELETE("/v1/messaging/groups/{conversation_id}/members/{account_id}", { params }));
    },
    onSuccess: done,
  });
  const rename = useMutation({
    mutationFn: async (wanted: string) => {
      const params = { path: { conversation_id: group } };
      return given(await api.PATCH("/v1/messaging/groups/{conversation_id}", { params, body: { title: wanted } }));
    },
    onSuccess: () => {
      setOpen(null);
      return done();
    },
  });
  const busy = put.isPending || remove.isPending;
  const error = put.error ?? remove.error;
  const leads = role !== "member";

  function act(what: Role | "remove", { person }: Member, words: string, sure: string) {
    const is = asked?.id === person.id && asked.what === what;
    return (
      <button
        type="button"
        className={styles.act}
        aria-label={`${is ? sure : words}: ${nameOf(person)}`}
        aria-disabled={busy}
        onClick={() => {
          if (busy) return;
          if (!is) return ask({ id: person.id, what });
          if (what === "remove") remove.mutate(person.id);
          else put.mutate({ id: person.id, wanted: what });
        }}
      >
        {is ? sure : words}
      </button>
    );
  }

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const wanted = String(new FormData(event.currentTarget).get("title")).trim();
    if (wanted && !rename.isPending) rename.mutate(wanted);
  }

  return (
    <div className={styles.ask}>
      {error && <ProblemNotice error={error} kept={t`Nothing was changed.`} />}
      <ul aria-label={t`Members`}>
        {members.map((member) => (
          <li key={member.person.id} className={styles.row}>
            <Avatar person={member.person} />
            <span className={styles.who}>
              <Person person={member.person} />
              <span className={styles.quiet}>
                {[member.person.id === me && t`you`, member.state === "requested" ? t`is asked` : roleOf(member.role)].filter(Boolean).join(", ")}
              </span>
            </span>
            <span className={styles.acts}>
              {role === "owner" && member.state === "active" && member.role === "member" && act("admin", member, t`Make admin`, t`Make them admin`)}
              {role === "owner" && member.role === "admin" && act("member", member, t`No admin`, t`No admin any more`)}
              {role === "owner" && member.role === "admin" && act("owner", member, t`Hand over`, t`Hand the group over`)}
              {leads && rank[role] > rank[member.role] && act("remove", member, t`Remove`, t`Remove for good`)}
            </span>
          </li>
        ))}
      </ul>
      {leads && (
        <div className={styles.acts}>
          <button type="button" className={styles.act} aria-expanded={open === "add"} onClick={() => setOpen(open === "add" ? null : "add")}>
            <Trans>Add somebody</Trans>
          </button>
          <button type="button" className={styles.act} aria-expanded={open === "name"} onClick={() => setOpen(open === "name" ? null : "name")}>
            <Trans>Rename the group</Trans>
          </button>
        </div>
      )}
      {open === "add" && (
        <Pick
          label={t`Add`}
          me={me}
          act={(person) => {
            const is = members.some((member) => member.person.id === person.id);
            return (
              <button
                type="button"
                className={styles.act}
                aria-label={t`Add ${nameOf(person)}`}
                aria-disabled={is || busy}
                onClick={() => !is && !busy && put.mutate({ id: person.id, wanted: "member" })}
              >
                {is ? t`Added` : t`Add`}
              </button>
            );
          }}
        />
      )}
      {open === "name" && (
        <form onSubmit={submit} className={styles.find}>
          <Field label={t`Name of the group`} name="title" maxLength={100} defaultValue={title} required />
          <Button type="submit" kind="quiet" aria-disabled={rename.isPending}>
            <Trans>Rename</Trans>
          </Button>
          {rename.error && <ProblemNotice error={rename.error} kept={t`It has its old name.`} />}
        </form>
      )}
    </div>
  );
}

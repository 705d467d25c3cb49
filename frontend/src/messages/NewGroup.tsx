import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useRef, useState } from "react";
import { api, given, type Schemas } from "../api/client";
import { Avatar } from "../people/Avatar";
import { nameOf } from "../people/Person";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { ProblemNotice } from "../ui/Notice";
import styles from "./Messages.module.css";
import { Pick } from "./Pick";

type Person = Schemas["PersonView"];

const MOST = 99; // beside oneself

/** Makes a group of people who are found by name. */
export function NewGroup({ account }: { account: string }) {
  const [people, choose] = useState<Person[]>([]);
  const key = useRef(crypto.randomUUID());
  const navigate = useNavigate();
  const make = useMutation({
    mutationFn: async (title: string) => {
      const body = { title, members: people.map(({ id }) => id) };
      return given(await api.POST("/v1/messaging/groups", { params: { header: { "Idempotency-Key": key.current } }, body }));
    },
    onSuccess: ({ conversation }) => navigate({ to: "/messages/$id", params: { id: conversation.id } }),
  });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const title = String(new FormData(event.currentTarget).get("title")).trim();
    if (make.isPending || !title) return;
    if (make.error) key.current = crypto.randomUUID(); // what is asked for now may be something else
    make.mutate(title);
  }

  return (
    <section aria-label={t`New group`} className={styles.place}>
      <Pick
        label={t`Who is in it`}
        me={account}
        act={(person) => {
          const chosen = people.some(({ id }) => id === person.id);
          return (
            <button
              type="button"
              className={styles.act}
              aria-label={t`Add ${nameOf(person)}`}
              aria-disabled={chosen || people.length >= MOST}
              onClick={() => !chosen && people.length < MOST && choose([...people, person])}
            >
              {chosen ? t`Added` : t`Add`}
            </button>
          );
        }}
      />
      <form onSubmit={submit} className={styles.place}>
        <Field label={t`Name of the group`} name="title" maxLength={100} required />
        {people.length > 0 && (
          <ul aria-label={t`Members`}>
            {people.map((person) => (
              <li key={person.id} className={styles.row}>
                <Avatar person={person} />
                <bdi>{nameOf(person)}</bdi>
                <button
                  type="button"
                  className={styles.act}
                  aria-label={t`Leave out ${nameOf(person)}`}
                  onClick={() => choose(people.filter(({ id }) => id !== person.id))}
                >
                  <Trans>Leave out</Trans>
                </button>
              </li>
            ))}
          </ul>
        )}
        <p className={styles.quiet}>
          {people.length >= MOST ? t`A group has 100 members at most.` : t`Whoever doesn't follow you is asked first.`}
        </p>
        {make.error && <ProblemNotice error={make.error} kept={t`The group isn't made.`} />}
        <div>
          <Button type="submit" aria-disabled={make.isPending}>
            {make.isPending ? t`Making it …` : t`Make the group`}
          </Button>
        </div>
      </form>
    </section>
  );
}

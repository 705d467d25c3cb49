import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, given } from "../api/client";
import { Avatar } from "../people/Avatar";
import { nameOf } from "../people/Person";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { ProblemNotice } from "../ui/Notice";
import styles from "./Messages.module.css";

/** Finds somebody to write to. */
export function Find({ account }: { account: string }) {
  const [q, ask] = useState("");
  const found = useQuery({
    queryKey: ["search", "people", q, account, "to write to"],
    queryFn: async () => given(await api.GET("/v1/feed/search/people", { params: { query: { q, limit: 10 } } })).items,
    enabled: q !== "",
  });
  const people = found.data?.filter(({ id, handle }) => id !== account && handle);

  function search(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    ask(String(new FormData(event.currentTarget).get("q")).trim());
  }

  return (
    <section aria-label={t`Write to somebody`} className={styles.place}>
      <form role="search" onSubmit={search} className={styles.find}>
        <Field label={t`Write to`} name="q" type="search" maxLength={200} placeholder={t`A name`} />
        <Button type="submit" kind="quiet">
          <Trans>Find</Trans>
        </Button>
      </form>
      {found.error && <ProblemNotice error={found.error} />}
      <p role="status" className={styles.quiet}>
        {people?.length === 0 && t`Nobody is found by this name.`}
      </p>
      {people && people.length > 0 && (
        <ul aria-label={t`People found`}>
          {people.map((person) => (
            <li key={person.id} className={styles.row}>
              <Avatar person={person} />
              <Link to="/messages/with/$handle" params={{ handle: person.handle ?? "" }} className={styles.to}>
                <bdi className={styles.name}>{nameOf(person)}</bdi>
                {person.display_name && <span className={styles.line}>@{person.handle}</span>}
              </Link>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

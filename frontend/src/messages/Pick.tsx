import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, useState } from "react";
import { api, given, type Schemas } from "../api/client";
import { Avatar } from "../people/Avatar";
import { nameOf } from "../people/Person";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { ProblemNotice } from "../ui/Notice";
import styles from "./Messages.module.css";

type Person = Schemas["PersonView"];

type Props = {
  label: string;
  me: string;
  /** What can be done with somebody who is found; without it, their name leads to what one writes them. */
  act?: (person: Person) => ReactNode;
};

/** Finds people by name. */
export function Pick({ label, me, act }: Props) {
  const [q, ask] = useState("");
  const found = useQuery({
    queryKey: ["search", "people", q, me, "to write to"],
    queryFn: async () => given(await api.GET("/v1/feed/search/people", { params: { query: { q, limit: 10 } } })).items,
    enabled: q !== "",
  });
  const people = found.data?.filter(({ id, handle }) => id !== me && handle);

  function search(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    ask(String(new FormData(event.currentTarget).get("q")).trim());
  }

  return (
    <>
      <form role="search" onSubmit={search} className={styles.find}>
        <Field label={label} name="q" type="search" maxLength={200} placeholder={t`A name`} />
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
              {act ? (
                <span className={styles.who}>
                  <Name person={person} />
                </span>
              ) : (
                <Link to="/messages/with/$handle" params={{ handle: person.handle ?? "" }} className={styles.to}>
                  <Name person={person} />
                </Link>
              )}
              {act?.(person)}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Name({ person }: { person: Person }) {
  return (
    <>
      <bdi className={styles.name}>{nameOf(person)}</bdi>
      {person.display_name && <span className={styles.line}>@{person.handle}</span>}
    </>
  );
}

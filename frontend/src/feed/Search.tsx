import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import type { KindOfFound } from "./Found";
import styles from "./Search.module.css";

/** The line that is searched for; its words are in the address, so that a search can be shared and gone back to. */
export function Search({ q, show }: { q: string; show?: KindOfFound }) {
  const navigate = useNavigate();
  const [text, setText] = useState(q);

  function search(event: FormEvent) {
    event.preventDefault();
    void navigate({ to: "/explore", search: text.trim() ? { q: text.trim(), show } : {} });
  }

  return (
    <form onSubmit={search} className={styles.search} role="search">
      <Field label={t`Polls, Waves, people and tags`} type="search" maxLength={200} value={text} onChange={(event) => setText(event.target.value)} />
      <Button type="submit"><Trans>Search</Trans></Button>
    </form>
  );
}

import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useNavigate } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useRef, useState } from "react";
import { api, given } from "../api/client";
import { nameOf } from "../ballots/rules";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { Page } from "../ui/Page";
import { useTyped } from "../ui/typed";
import styles from "./Landing.module.css";

/** "7kq-3mx" as it is shown in a hall; case, blanks and hyphens don't matter. A pasted link does, too. */
export function codeIn(text: string): string {
  return (text.trim().split("/").at(-1) ?? "").replace(/[\s-]/g, "");
}

export function Landing() {
  const navigate = useNavigate();
  const field = useRef<HTMLInputElement>(null);
  const before = useTyped(field, (more) => setText(more));
  const [text, setText] = useState(before.text);
  const [asked, setAsked] = useState(false);
  const code = codeIn(text);
  const polls = useQuery({
    queryKey: ["polls", "open"],
    queryFn: async () => given(await api.GET("/v1/polls", { params: { query: { status: "open", limit: 5 } } })),
  });

  function open(event: FormEvent) {
    event.preventDefault();
    setAsked(true);
    if (code) void navigate({ to: "/p/$code", params: { code } });
  }

  return (
    <Page title="">
      <div className={styles.lead}>
        <h1><Trans>Vote together, and see the result move</Trans></h1>
        <p><Trans>Open a poll by its code. You need no account to vote where the poll is open to anyone.</Trans></p>
      </div>
      <form onSubmit={open} className={styles.code} noValidate>
        <Field
          label={t`Code of the poll`}
          name="code"
          data-still={import.meta.env.SSR || undefined}
          ref={field}
          value={text}
          onChange={(event) => setText(event.target.value)}
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          error={asked && !code ? t`Enter the code that you were given.` : undefined}
        />
        <Button type="submit"><Trans>Open the poll</Trans></Button>
      </form>
      <p className={styles.more}>
        <Link to="/new"><Trans>Make a poll of your own</Trans></Link>
      </p>
      {polls.data && polls.data.items.length > 0 && (
        <section aria-labelledby="open">
          <h2 id="open"><Trans>Open now</Trans></h2>
          <ul className={styles.polls}>
            {polls.data.items.map((poll) => (
              <li key={poll.id}>
                <Link to="/p/$code" params={{ code: poll.code }}>
                  <bdi>{poll.title}</bdi>
                </Link>
                <span>
                  {nameOf(poll.method)}, {plural(poll.option_count, { one: "# option", other: "# options" })}
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </Page>
  );
}

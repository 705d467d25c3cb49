import { i18n, type MessageDescriptor } from "@lingui/core";
import { msg, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { api, given, type Schemas } from "../api/client";
import { Problem } from "../api/problem";
import { ago } from "../feed/standing";
import { useAccount } from "../session/session";
import { Button } from "../ui/Button";
import { Copy } from "../ui/Copy";
import { Field } from "../ui/Field";
import { More } from "../ui/More";
import { Notice, ProblemNotice } from "../ui/Notice";
import styles from "./Settings.module.css";
import { listed } from "../words/format";

type Scope = Schemas["KeyRequest"]["scopes"][number];

const scopes: [Scope, MessageDescriptor][] = [
  ["polls:write", msg`make and change polls`],
  ["votes:write", msg`vote`],
  ["comments:write", msg`comment`],
  ["expressions:write", msg`publish Waves and react`],
  ["follows:write", msg`follow, block and mute`],
  ["profiles:write", msg`change my profile`],
];

function nameOfScope(scope: string): string {
  const said = scopes.find(([one]) => one === scope)?.[1];
  return said ? i18n._(said) : scope;
}

/** Keys by which programs act for me. */
export function Keys() {
  const account = useAccount();
  const pages = useInfiniteQuery({
    queryKey: ["settings", "keys", account?.id],
    queryFn: async ({ pageParam: cursor }) => given(await api.GET("/v1/auth/keys", { params: { query: { cursor } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
  });
  const keys = pages.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section className={styles.form} aria-label={t`API keys`}>
      <p><Trans>With a key a program does for you what you allow it here. Reading needs no permission.</Trans></p>
      {pages.data && keys.length === 0 && <p className={styles.quiet}><Trans>You have none.</Trans></p>}
      <ul>
        {keys.map((key) => (
          <One key={key.id} made={key} />
        ))}
      </ul>
      <More pages={pages} />
      <New />
    </section>
  );
}

function One({ made }: { made: Schemas["KeyView"] }) {
  const queries = useQueryClient();
  const end = useMutation({
    mutationFn: async () => given(await api.DELETE("/v1/auth/keys/{key}", { params: { path: { key: made.id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["settings", "keys"] }),
  });
  return (
    <li className={styles.row}>
      <p>
        <strong>{made.name}</strong> <code>{made.start}…</code>
        <br />
        <span className={styles.quiet}>
          {[
            made.scopes.length ? t`may ${listed(made.scopes.map(nameOfScope))}` : t`reads only`,
            made.last_used_at ? t`last used ${ago(made.last_used_at)}` : t`never used`,
          ].join(" · ")}
        </span>
      </p>
      <Button kind="quiet" aria-label={t`End: ${made.name}`} aria-disabled={end.isPending} onClick={() => !end.isPending && end.mutate()}>
        <Trans>End it</Trans>
      </Button>
      {end.error && <ProblemNotice error={end.error} kept={t`The key is still good.`} />}
    </li>
  );
}

function New() {
  const queries = useQueryClient();
  const key = useRef(crypto.randomUUID());
  const [open, setOpen] = useState(false);
  const make = useMutation({
    mutationFn: async (body: Schemas["KeyRequest"]) =>
      given(await api.POST("/v1/auth/keys", { params: { header: { "Idempotency-Key": key.current } }, body })),
    onSuccess: () => {
      key.current = crypto.randomUUID();
      setOpen(false);
      return queries.invalidateQueries({ queryKey: ["settings", "keys"] });
    },
    onError: (error) => {
      if (error instanceof Problem) key.current = crypto.randomUUID();
    },
    gcTime: 0, // the key isn't kept once the page is left
  });
  const problem = make.error instanceof Problem ? make.error : null;

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    if (!make.isPending) make.mutate({ name: String(form.get("name")), scopes: form.getAll("scope") as Scope[] });
  }

  return (
    <>
      {make.data && (
        <Notice kind="good">
          <p><Trans>This is the key. It is shown this once; keep it where nobody else reads it.</Trans></p>
          <p>
            <code>{make.data.api_key}</code>
          </p>
          <div className={styles.actions}>
            <Copy text={make.data.api_key} name={t`Copy the key`} />
          </div>
        </Notice>
      )}
      {!open && (
        <div>
          <Button kind="quiet" onClick={() => setOpen(true)}>
            <Trans>Make a key</Trans>
          </Button>
        </div>
      )}
      {open && (
        <form onSubmit={submit} className={styles.form} aria-label={t`A new key`}>
          <Field label={t`Name`} name="name" required maxLength={80} hint={t`What it is for.`} autoFocus error={problem?.of("name")} />
          <fieldset>
            <legend className={styles.legend}><Trans>What it may do</Trans></legend>
            {scopes.map(([scope, says]) => (
              <label key={scope} className={styles.check}>
                <input type="checkbox" name="scope" value={scope} />
                <span>{i18n._(says)}</span>
              </label>
            ))}
          </fieldset>
          {make.error && !problem?.errors.length && <ProblemNotice error={make.error} />}
          <div className={styles.actions}>
            <Button type="submit" aria-disabled={make.isPending}>
              <Trans>Make the key</Trans>
            </Button>
            <Button kind="quiet" onClick={() => setOpen(false)}>
              <Trans>Leave it</Trans>
            </Button>
          </div>
        </form>
      )}
    </>
  );
}

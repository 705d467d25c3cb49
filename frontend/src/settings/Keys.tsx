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

type Scope = Schemas["KeyRequest"]["scopes"][number];

const scopes: [Scope, string][] = [
  ["polls:write", "make and change polls"],
  ["votes:write", "vote"],
  ["comments:write", "comment"],
  ["expressions:write", "publish Waves and react"],
  ["follows:write", "follow, block and mute"],
  ["profiles:write", "change my profile"],
];

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
    <section className={styles.form} aria-label="API keys">
      <p>With a key a program does for you what you allow it here. Reading needs no permission.</p>
      {pages.data && keys.length === 0 && <p className={styles.quiet}>You have none.</p>}
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
            made.scopes.length ? `may ${made.scopes.map((scope) => scopes.find(([one]) => one === scope)?.[1] ?? scope).join(", ")}` : "reads only",
            made.last_used_at ? `last used ${ago(made.last_used_at)}` : "never used",
          ].join(" · ")}
        </span>
      </p>
      <Button kind="quiet" aria-label={`End: ${made.name}`} aria-disabled={end.isPending} onClick={() => !end.isPending && end.mutate()}>
        End it
      </Button>
      {end.error && <ProblemNotice error={end.error} kept="The key is still good." />}
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
          <p>This is the key. It is shown this once; keep it where nobody else reads it.</p>
          <p>
            <code>{make.data.api_key}</code>
          </p>
          <div className={styles.actions}>
            <Copy text={make.data.api_key} name="Copy the key" />
          </div>
        </Notice>
      )}
      {!open && (
        <div>
          <Button kind="quiet" onClick={() => setOpen(true)}>
            Make a key
          </Button>
        </div>
      )}
      {open && (
        <form onSubmit={submit} className={styles.form} aria-label="A new key">
          <Field label="Name" name="name" required maxLength={80} hint="What it is for." autoFocus error={problem?.of("name")} />
          <fieldset>
            <legend className={styles.legend}>What it may do</legend>
            {scopes.map(([scope, says]) => (
              <label key={scope} className={styles.check}>
                <input type="checkbox" name="scope" value={scope} />
                <span>{says}</span>
              </label>
            ))}
          </fieldset>
          {make.error && !problem?.errors.length && <ProblemNotice error={make.error} />}
          <div className={styles.actions}>
            <Button type="submit" aria-disabled={make.isPending}>
              Make the key
            </Button>
            <Button kind="quiet" onClick={() => setOpen(false)}>
              Leave it
            </Button>
          </div>
        </form>
      )}
    </>
  );
}

import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, given, type Schemas } from "../api/client";
import { ago } from "../feed/standing";
import { useAccount } from "../session/session";
import { Button } from "../ui/Button";
import { More } from "../ui/More";
import { ProblemNotice } from "../ui/Notice";
import { browserOf } from "./browser";
import styles from "./Settings.module.css";

/** Where I am signed in. */
export function Sessions() {
  const account = useAccount();
  const pages = useInfiniteQuery({
    queryKey: ["settings", "sessions", account?.id],
    queryFn: async ({ pageParam: cursor }) => given(await api.GET("/v1/auth/sessions", { params: { query: { cursor } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
  });
  return (
    <section className={styles.form} aria-label={t`Sessions`}>
      <p><Trans>Where you are signed in. What you don't know, end, and change your password.</Trans></p>
      <ul>
        {pages.data?.pages.flatMap((page) => page.items).map((one) => (
          <One key={one.id} session={one} />
        ))}
      </ul>
      <More pages={pages} />
    </section>
  );
}

function One({ session }: { session: Schemas["SessionView"] }) {
  const queries = useQueryClient();
  const end = useMutation({
    mutationFn: async () => given(await api.DELETE("/v1/auth/sessions/{session}", { params: { path: { session: session.id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["settings", "sessions"] }),
  });
  const name = browserOf(session.user_agent);
  return (
    <li className={styles.row}>
      <p>
        <strong>{name}</strong> {session.current && <span className={styles.mark}><Trans>this one</Trans></span>}
        <br />
        <span className={styles.quiet}>
          <Trans>{session.network} · last used</Trans> <time dateTime={session.last_used_at}>{ago(session.last_used_at)}</time>
        </span>
      </p>
      {!session.current && (
        <Button kind="quiet" aria-label={t`End: ${name}`} aria-disabled={end.isPending} onClick={() => !end.isPending && end.mutate()}>
          <Trans>End it</Trans>
        </Button>
      )}
      {end.error && <ProblemNotice error={end.error} kept={t`The session goes on.`} />}
    </li>
  );
}

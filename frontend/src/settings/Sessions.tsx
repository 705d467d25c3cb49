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
    <section className={styles.form} aria-label="Sessions">
      <p>Where you are signed in. What you don't know, end, and change your password.</p>
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
        <strong>{name}</strong> {session.current && <span className={styles.mark}>this one</span>}
        <br />
        <span className={styles.quiet}>
          {session.network} · last used <time dateTime={session.last_used_at}>{ago(session.last_used_at)}</time>
        </span>
      </p>
      {!session.current && (
        <Button kind="quiet" aria-label={`End: ${name}`} aria-disabled={end.isPending} onClick={() => !end.isPending && end.mutate()}>
          End it
        </Button>
      )}
      {end.error && <ProblemNotice error={end.error} kept="The session goes on." />}
    </li>
  );
}

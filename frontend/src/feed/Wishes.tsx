import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { api, given, type Schemas } from "../api/client";
import { nameOf, Person } from "../people/Person";
import { useAccount } from "../session/session";
import { Button } from "../ui/Button";
import { More } from "../ui/More";
import { ProblemNotice } from "../ui/Notice";
import { ago } from "./standing";
import styles from "./Wishes.module.css";

const WISHES = "wishes"; // every query that says what is hidden or lessened begins with it

/** What I have hidden in my feeds, and of whom I see less; each is taken back with one button. */
export function Wishes() {
  return (
    <>
      <Hidden />
      <Less />
    </>
  );
}

function Hidden() {
  const account = useAccount();
  const pages = useInfiniteQuery({
    queryKey: [WISHES, "hidden", account?.id],
    queryFn: async ({ pageParam: cursor }) => given(await api.GET("/v1/feed/hidden", { params: { query: { cursor } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
  });
  const things = pages.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section aria-labelledby="hidden" className={styles.section}>
      <h2 id="hidden"><Trans>What you have hidden</Trans></h2>
      {pages.data && things.length === 0 && !pages.hasNextPage && (
        <p className={styles.quiet}><Trans>Nothing. What you hide in a feed stands here, and can be shown again.</Trans></p>
      )}
      <ul>
        {things.map((thing) => (
          <Wished
            key={thing.id}
            at={thing.at}
            act={t`Show it again`}
            about={thing.entry ? thing.entry.text : t`something that isn't there for you any more`}
            undo={async () => given(await api.DELETE("/v1/feed/hidden/{thing}", { params: { path: { thing: thing.id } } }))}
          >
            {thing.entry ? <What entry={thing.entry} /> : <Trans>Something that was deleted, or isn't for you any more.</Trans>}
          </Wished>
        ))}
      </ul>
      <More pages={pages} />
    </section>
  );
}

function What({ entry }: { entry: Schemas["EntryView"] }) {
  const text = <bdi>{entry.text || t`A Wave without words`}</bdi>;
  return (
    <>
      {entry.kind === "poll" ? (
        <Link to="/polls/$id" params={{ id: entry.id }}>{text}</Link>
      ) : (
        <Link to="/waves/$id" params={{ id: entry.id }}>{text}</Link>
      )}
      <br />
      <span className={styles.quiet}>
        <Person person={entry.author} />
      </span>
    </>
  );
}

function Less() {
  const account = useAccount();
  const pages = useInfiniteQuery({
    queryKey: [WISHES, "less", account?.id],
    queryFn: async ({ pageParam: cursor }) => given(await api.GET("/v1/feed/less", { params: { query: { cursor } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
  });
  const people = pages.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section aria-labelledby="less" className={styles.section}>
      <h2 id="less"><Trans>Of whom you see less</Trans></h2>
      {pages.data && people.length === 0 && !pages.hasNextPage && (
        <p className={styles.quiet}><Trans>Nobody. They don't learn of it.</Trans></p>
      )}
      <ul>
        {people.map(({ person, at }) => (
          <Wished
            key={person.id}
            at={at}
            act={t`See all of theirs`}
            about={nameOf(person)}
            undo={async () => given(await api.DELETE("/v1/feed/less/{account}", { params: { path: { account: person.id } } }))}
          >
            <Person person={person} />
          </Wished>
        ))}
      </ul>
      <More pages={pages} />
    </section>
  );
}

type WishedProps = { at: string; act: string; about: string; undo: () => Promise<unknown>; children: ReactNode };

/** One wish, and the button that takes it back. */
function Wished({ at, act, about, undo, children }: WishedProps) {
  const queries = useQueryClient();
  const back = useMutation({
    mutationFn: undo,
    onSuccess: () => Promise.all([[WISHES], ["feed"]].map((queryKey) => queries.invalidateQueries({ queryKey }))),
  });
  return (
    <li className={styles.row}>
      <p>
        {children} <time dateTime={at} className={styles.quiet}>{ago(at)}</time>
      </p>
      <Button kind="quiet" aria-label={`${act}: ${about}`} aria-disabled={back.isPending} onClick={() => !back.isPending && back.mutate()}>
        {act}
      </Button>
      {back.error && <ProblemNotice error={back.error} />}
    </li>
  );
}

import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useInfiniteQuery } from "@tanstack/react-query";
import { api, given } from "../api/client";
import { Person } from "../people/Person";
import { useAccount } from "../session/session";
import { More } from "../ui/More";
import { Entries } from "./Entries";
import entries from "./Entries.module.css";
import styles from "./Search.module.css";

/** What is found for some words: people, then polls, each page after page. */
export function Found({ q }: { q: string }) {
  const account = useAccount();
  const people = useInfiniteQuery({
    queryKey: ["search", "people", q, account?.id],
    queryFn: async ({ pageParam }) =>
      given(await api.GET("/v1/feed/search/people", { params: { query: { q, cursor: pageParam, limit: 5 } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
  });
  const polls = useInfiniteQuery({
    queryKey: ["search", "polls", q, account?.id],
    queryFn: async ({ pageParam }) => given(await api.GET("/v1/feed/search/polls", { params: { query: { q, cursor: pageParam } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
  });
  const named = people.data?.pages.flatMap((page) => page.items) ?? [];
  const some = polls.data?.pages.some((page) => page.items.length > 0);
  const corrected = people.data?.pages[0]?.corrected || polls.data?.pages[0]?.corrected;
  const nothing = people.data && polls.data && named.length === 0 && !some;
  return (
    <>
      <p role="status" className={styles.quiet}>
        {nothing && t`Nothing is found. All words have to be in a poll's title, or in somebody's name.`}
        {!nothing && corrected && t`Nothing is found as you typed it. This is what is one typing error away.`}
      </p>
      {(named.length > 0 || people.error) && (
        <section aria-labelledby="people" className={styles.section}>
          <h2 id="people"><Trans>People</Trans></h2>
          <ul>
            {named.map((person) => (
              <li key={person.id} className={styles.person}>
                <Person person={person} />
                {person.display_name && person.handle && <span className={styles.quiet}>@{person.handle}</span>}
              </li>
            ))}
          </ul>
          <More pages={people} />
        </section>
      )}
      {(some || polls.error) && (
        <section aria-labelledby="polls" className={styles.section}>
          <h2 id="polls"><Trans>Polls</Trans></h2>
          <ul className={entries.list}>
            {polls.data?.pages.map((page, number) => (
              <Entries key={String(polls.data.pageParams[number])} entries={page.items} />
            ))}
          </ul>
          <More pages={polls} />
        </section>
      )}
    </>
  );
}

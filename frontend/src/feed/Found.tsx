import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { api, given } from "../api/client";
import { Person } from "../people/Person";
import { useAccount } from "../session/session";
import { More } from "../ui/More";
import { Tab, Tabs } from "../ui/Tabs";
import { Entries } from "./Entries";
import entries from "./Entries.module.css";
import styles from "./Search.module.css";
import trends from "./Trends.module.css";

export type KindOfFound = "polls" | "waves" | "people" | "tags";

const FEW = 5; // of each, where all are shown

type Answer<T> = { items: T[]; next: string | null; corrected: boolean };

/** What is found of a kind, page after page; nothing is asked where it isn't shown. */
function useFound<T>(kind: KindOfFound, q: string, show: KindOfFound | undefined, read: (page: { q: string; cursor?: string; limit: number }) => Promise<Answer<T>>) {
  const account = useAccount();
  const limit = show ? 20 : FEW;
  const pages = useInfiniteQuery({
    queryKey: ["search", kind, q, limit, account?.id],
    queryFn: ({ pageParam }) => read({ q, cursor: pageParam, limit }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
    enabled: !show || show === kind,
  });
  const shown = !show || show === kind;
  return { pages, shown, some: shown && (pages.data?.pages.some((page) => page.items.length > 0) ?? false) };
}

/** What is found for some words: of all kinds, or of one. */
export function Found({ q, show }: { q: string; show?: KindOfFound }) {
  const people = useFound("people", q, show, async (query) => given(await api.GET("/v1/feed/search/people", { params: { query } })));
  const tags = useFound("tags", q, show, async (query) => given(await api.GET("/v1/feed/search/tags", { params: { query } })));
  const polls = useFound("polls", q, show, async (query) => given(await api.GET("/v1/feed/search/polls", { params: { query } })));
  const waves = useFound("waves", q, show, async (query) => given(await api.GET("/v1/feed/search/waves", { params: { query } })));
  const shown = [people, tags, polls, waves].filter((found) => found.shown);
  const nothing = shown.every((found) => found.pages.data && !found.some);
  const corrected = shown.some((found) => found.some && found.pages.data?.pages[0]?.corrected);
  return (
    <>
      <Tabs label={t`What is found`}>
        <Tab to="/explore" search={{ q }}><Trans>All</Trans></Tab>
        <Tab to="/explore" search={{ q, show: "polls" }}><Trans>Polls</Trans></Tab>
        <Tab to="/explore" search={{ q, show: "waves" }}><Trans>Waves</Trans></Tab>
        <Tab to="/explore" search={{ q, show: "people" }}><Trans>People</Trans></Tab>
        <Tab to="/explore" search={{ q, show: "tags" }}><Trans>Tags</Trans></Tab>
      </Tabs>
      <p role="status" className={styles.quiet}>
        {nothing && t`Nothing is found. All words have to be there: in a poll's title, a Wave, a tag, or somebody's name.`}
        {!nothing && corrected && t`Not all is found as you typed it. Some of this is one typing error away.`}
      </p>
      <Section id="people" title={t`People`} found={people}>
        <ul>
          {people.pages.data?.pages.flatMap((page) => page.items).map((person) => (
            <li key={person.id} className={styles.person}>
              <Person person={person} />
              {person.display_name && person.handle && <span className={styles.quiet}>@{person.handle}</span>}
            </li>
          ))}
        </ul>
      </Section>
      <Section id="tags" title={t`Tags`} found={tags}>
        <ul className={trends.tags}>
          {tags.pages.data?.pages.flatMap((page) => page.items).map(({ tag }) => (
            <li key={tag}>
              <Link to="/tags/$tag" params={{ tag }} className={trends.tag}>
                <bdi>#{tag}</bdi>
              </Link>
            </li>
          ))}
        </ul>
      </Section>
      <Section id="polls" title={t`Polls`} found={polls}>
        <ul className={entries.list}>
          {polls.pages.data?.pages.map((page, number) => <Entries key={number} entries={page.items} />)}
        </ul>
      </Section>
      <Section id="waves" title={t`Waves`} found={waves}>
        <ul className={entries.list}>
          {waves.pages.data?.pages.map((page, number) => <Entries key={number} entries={page.items} />)}
        </ul>
      </Section>
    </>
  );
}

type SectionProps = { id: KindOfFound; title: string; found: { pages: Parameters<typeof More>[0]["pages"]; some: boolean; shown: boolean }; children: ReactNode };

/** What is found of a kind; nothing where there is nothing. */
function Section({ id, title, found, children }: SectionProps) {
  if (!found.shown || (!found.some && !found.pages.error)) return null;
  return (
    <section aria-labelledby={id} className={styles.section}>
      <h2 id={id}>{title}</h2>
      {found.some && children}
      <More pages={found.pages} />
    </section>
  );
}

// What a feed reads. What of the home feed is seen first may be there before the page is drawn (main.tsx), and isn't asked
// for again then.

import { useEffect } from "react";
import { infiniteQueryOptions, type QueryClient, queryOptions } from "@tanstack/react-query";
import { api, given, type Schemas } from "../api/client";
import { WAVES } from "../waves/cache";

type Entry = Schemas["EntryView"];
type Account = string | undefined;

const FRESH_MS = 5_000;

let early = false; // something was read before its page was drawn

const staleTime = () => (early ? FRESH_MS : 0);

/** Once a feed is drawn, whoever comes back to it sees how things stand by then. */
export const useDrawn = () =>
  useEffect(() => {
    early = false;
  }, []);

/** A feed, page after page. */
export const feedOf = (name: string, account: Account, read: (cursor: string | undefined) => Promise<Schemas["EntryViewPage"]>) =>
  infiniteQueryOptions({
    queryKey: ["feed", name, account],
    queryFn: ({ pageParam }) => read(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
    staleTime,
  });

export const homeOf = (order: "newest" | "ranked", account: Account) =>
  feedOf(`home ${order}`, account, async (cursor) => given(await api.GET("/v1/feed/home", { params: { query: { cursor, order } } })));

/** Some Waves. */
export const wavesOf = (waves: string[], account: Account) =>
  queryOptions({
    queryKey: [WAVES, "batch", account, waves],
    queryFn: async () => given(await api.POST("/v1/expressions/waves/batch", { body: { waves } })).items,
    enabled: waves.length > 0,
    staleTime,
  });

/** How some polls stand. */
export const cardsOf = (polls: string[], account: Account) =>
  queryOptions({
    queryKey: ["cards", account, polls],
    queryFn: async () => given(await api.POST("/v1/votebooth/polls/batch", { body: { polls } })).items,
    enabled: polls.length > 0,
    staleTime,
  });

/** What of a page of a feed is of one kind. */
export const idsOf = (kind: Entry["kind"], entries: Entry[]): string[] =>
  entries.filter((entry) => entry.kind === kind).map((entry) => entry.id);

/** Reads what of the home feed is seen first. */
export async function readHome(queries: QueryClient, account: string): Promise<void> {
  early = true;
  const { pages } = await queries.fetchInfiniteQuery(homeOf("newest", account));
  const entries = pages[0]?.items ?? [];
  const [waves, polls] = [idsOf("wave", entries), idsOf("poll", entries)];
  await Promise.all([
    waves.length > 0 && queries.fetchQuery(wavesOf(waves, account)),
    polls.length > 0 && queries.fetchQuery(cardsOf(polls, account)),
  ]);
}

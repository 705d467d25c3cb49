// Lists of several services as one. Each is in the order of the whole already, so the next item is the first of what each
// brings next: nothing is left out and nothing comes twice, however unevenly they grow.

import { type QueryKey, useInfiniteQuery } from "@tanstack/react-query";

type Page<T> = { items: T[]; next?: string | null };
export type Source<T> = (cursor: string | undefined) => Promise<Page<T>>;

/** What was brought and isn't shown yet, and where the list goes on; no cursor and `ended`: it doesn't. */
type Held<T> = { items: T[]; cursor: string | undefined; ended: boolean };
type Rest<T> = { held: Record<string, Held<T>>; silent: string[] };
export type Merged<T> = { items: T[]; rest: Rest<T>; more: boolean };

const MOST = 20;
const NONE = { items: [], cursor: undefined, ended: false };

/**
 * Returns the next items of some lists, of which one that doesn't answer is left out from here on: what it has would come
 * too late. Throws if none answers.
 */
export async function nextOf<T>(
  sources: Record<string, Source<T>>,
  before: (one: T, other: T) => boolean,
  rest: Rest<T> = { held: {}, silent: [] },
): Promise<Merged<T>> {
  const held = new Map(Object.entries(rest.held));
  const silent = new Set(rest.silent);
  const errors: unknown[] = [];
  async function fill(name: string, source: Source<T>) {
    let left = held.get(name) ?? NONE;
    try {
      while (!silent.has(name) && left.items.length === 0 && !left.ended) {
        const page = await source(left.cursor);
        left = { items: page.items, cursor: page.next ?? undefined, ended: !page.next };
      }
    } catch (error) {
      silent.add(name);
      errors.push(error);
    }
    held.set(name, left);
  }
  const items: T[] = [];
  while (items.length < MOST) {
    await Promise.all(Object.entries(sources).map(([name, source]) => fill(name, source)));
    if (errors.length > 0 && Object.keys(sources).every((name) => silent.has(name))) throw errors[0];
    let first: string | undefined;
    for (const [name, { items: [head] }] of held) {
      const best = first === undefined ? undefined : held.get(first)?.items[0];
      if (head !== undefined && (best === undefined || before(head, best))) first = name;
    }
    const from = first === undefined ? undefined : held.get(first);
    if (first === undefined || from === undefined) break;
    items.push(...from.items.slice(0, 1));
    held.set(first, { ...from, items: from.items.slice(1) });
  }
  const more = [...held].some(([name, left]) => left.items.length > 0 || (!left.ended && !silent.has(name)));
  return { items, rest: { held: Object.fromEntries(held), silent: [...silent] }, more };
}

/** Some lists as one, with the names of those that don't answer. */
export function useMerged<T>(queryKey: QueryKey, sources: Record<string, Source<T>>, before: (one: T, other: T) => boolean) {
  const pages = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam }) => nextOf(sources, before, pageParam),
    initialPageParam: undefined as Rest<T> | undefined,
    getNextPageParam: (page) => (page.more ? page.rest : undefined),
  });
  const shown = pages.data?.pages ?? [];
  return { pages, items: shown.flatMap((page) => page.items), silent: shown.at(-1)?.rest.silent ?? [] };
}

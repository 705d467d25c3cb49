// What a thread's queries hold, and how an act's answer gets into it without asking for all pages again: what somebody
// reads stays where it is.

import type { InfiniteData, QueryClient } from "@tanstack/react-query";
import type { Schemas } from "../api/client";

export type Comment = Schemas["CommentView"];
export type Thread = Schemas["ThreadView"];
export type Listed = Schemas["ListedComment"];
export type Order = "newest" | "oldest" | "supported";
type Pages = InfiniteData<Schemas["ListedCommentPage"]>;
type InContext = Schemas["CommentInContext"];

export const keys = {
  all: (thread: string) => ["thread", thread],
  about: (thread: string) => ["thread", thread, "about"],
  lists: (thread: string) => ["thread", thread, "list"],
  list: (thread: string, parent: string | null, order: Order, reader: string | undefined) => [
    ...keys.lists(thread),
    parent,
    order,
    reader,
  ],
  contexts: (thread: string) => ["thread", thread, "context"],
};

/** Puts a comment's new state wherever the old one is shown. */
export function replace(queries: QueryClient, thread: string, id: string, change: (old: Comment) => Comment): void {
  const changed = (old: Comment) => (old.id === id ? change(old) : old);
  const listed = ({ comment, best_replies }: Listed): Listed => ({
    comment: changed(comment),
    best_replies: best_replies.map(changed),
  });
  queries.setQueriesData<Pages>({ queryKey: keys.lists(thread) }, (old) => old && mapped(old, (items) => items.map(listed)));
  queries.setQueriesData<Thread>(
    { queryKey: keys.about(thread) },
    (old) => old && { ...old, pinned: old.pinned && changed(old.pinned) },
  );
  queries.setQueriesData<InContext>(
    { queryKey: keys.contexts(thread) },
    (old) => old && { comment: changed(old.comment), above: old.above.map(changed) },
  );
}

/** Shows a comment that was just written first among its siblings, whatever their order, until they are read again. */
export function add(queries: QueryClient, made: Comment): void {
  queries.setQueriesData<Pages>(
    { queryKey: [...keys.lists(made.thread), made.parent] },
    (old) => old && mapped(old, (items, first) => (first ? [{ comment: made, best_replies: [] }, ...items] : items)),
  );
  if (made.parent) replace(queries, made.thread, made.parent, (old) => ({ ...old, replies: old.replies + 1 }));
}

/** All that was read, each once: what was just written comes again with the page where it belongs. */
export function items(pages: Pages | undefined): Listed[] {
  const seen = new Map<string, Listed>();
  for (const listed of pages?.pages.flatMap((page) => page.items) ?? []) {
    if (!seen.has(listed.comment.id)) seen.set(listed.comment.id, listed);
  }
  return [...seen.values()];
}

function mapped(old: Pages, change: (items: Listed[], first: boolean) => Listed[]): Pages {
  return { ...old, pages: old.pages.map((page, number) => ({ ...page, items: change(page.items, number === 0) })) };
}

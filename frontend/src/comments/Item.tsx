import { plural, t } from "@lingui/core/macro";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useLocation } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { api, given } from "../api/client";
import { useAccount } from "../session/session";
import { More } from "../ui/More";
import { Acts } from "./Acts";
import { Body } from "./Body";
import { type Comment, items, keys, type Order, type Thread } from "./cache";
import styles from "./Comments.module.css";

const DEEPEST = 4; // on a phone a deeper answer would have no room; it is read on a page that begins with it

export type ItemProps = {
  thread: Thread;
  comment: Comment;
  best: Comment[];
  order: Order;
  level: number;
  /** The one that a link leads to: it is reached, and its answers are open. */
  meant?: boolean;
};

/** A comment with what answers it: the best answers at first, all of them when asked for. */
export function Item({ thread, comment, best, order, level, meant = false }: ItemProps) {
  const [all, setAll] = useState(meant);
  const place = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (!meant) return;
    place.current?.scrollIntoView({ block: "center" });
    place.current?.focus({ preventScroll: true });
  }, [meant]);
  const shown = all ? [] : best;
  const rest = comment.replies - shown.length;
  return (
    <li ref={place} tabIndex={-1} className={styles.item} data-meant={meant} id={comment.id}>
      <Body comment={comment} />
      <Acts key={comment.id} thread={thread} comment={comment} onAnswered={() => setAll(true)} />
      {shown.length > 0 && (
        <ul className={styles.list} aria-label={t`Best answers`} data-level={level + 1}>
          {shown.map((answer) => (
            <Item key={answer.id} thread={thread} comment={answer} best={[]} order={order} level={level + 1} />
          ))}
        </ul>
      )}
      {all && comment.replies > 0 && <List thread={thread} parent={comment.id} order={order} level={level + 1} label={t`Answers`} />}
      {!all && rest > 0 && level < DEEPEST && (
        <button type="button" className={styles.act} onClick={() => setAll(true)}>
          {shown.length > 0 ? t`Show all ${comment.replies} answers` : plural(rest, { one: "Show # answer", other: "Show # answers" })}
        </button>
      )}
      {!all && rest > 0 && level >= DEEPEST && <Deeper comment={comment} />}
    </li>
  );
}

function Deeper({ comment }: { comment: Comment }) {
  const here = useLocation({ select: (location) => location.pathname });
  return (
    <Link to={here} search={{ comment: comment.id }} className={styles.act}>
      {plural(comment.replies, { one: "Read on: # answer", other: "Read on: # answers" })}
    </Link>
  );
}

type ListProps = { thread: Thread; parent: string | null; order: Order; level: number; label: string };

/** The comments that answer one, or the top of the thread, page after page. */
export function List({ thread, parent, order, level, label }: ListProps) {
  const account = useAccount();
  const pages = useInfiniteQuery({
    queryKey: keys.list(thread.id, parent, order, account?.id),
    queryFn: async ({ pageParam: cursor }) => {
      const query = { sort: order, ...(cursor ? { cursor } : {}) };
      if (!parent) {
        const path = { thread_id: thread.id };
        return given(await api.GET("/v1/comments/threads/{thread_id}/comments", { params: { path, query } }));
      }
      const path = { comment_id: parent };
      return given(await api.GET("/v1/comments/{comment_id}/replies", { params: { path, query } }));
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
  });
  const listed = items(pages.data).filter(({ comment }) => parent || comment.id !== thread.pinned?.id); // it stands above
  return (
    <>
      {listed.length > 0 && (
        <ul className={styles.list} aria-label={label} data-level={level}>
          {listed.map(({ comment, best_replies: best }) => (
            <Item key={comment.id} thread={thread} comment={comment} best={best} order={order} level={level} />
          ))}
        </ul>
      )}
      <More pages={pages} />
    </>
  );
}

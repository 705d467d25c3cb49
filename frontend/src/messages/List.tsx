import { t } from "@lingui/core/macro";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, given } from "../api/client";
import { ago } from "../feed/standing";
import { Avatar } from "../people/Avatar";
import { More } from "../ui/More";
import { Unread } from "../ui/Unread";
import { type Conversation, useInbox } from "./inbox";
import styles from "./Messages.module.css";
import { lineOf, titleOf } from "./names";
import { There } from "./There";

const LIVE = 50; // the stream's snapshot has so many of each
const WATCHED = 20; // rows that say who is there: one connection follows a hundred streams at most

/** My conversations, or what waits for me to accept it; those that were written in last come first. */
export function List({ account, requests }: { account: string; requests: boolean }) {
  const inbox = useInbox(account);
  const live = inbox?.filter(({ state }) => (state === "requested") === requests);
  const rest = useInfiniteQuery({
    queryKey: ["messages", "list", account, requests],
    queryFn: async ({ pageParam: cursor }) => {
      const params = { query: { cursor, limit: LIVE } };
      if (requests) return given(await api.GET("/v1/messaging/conversations/requests", { params }));
      return given(await api.GET("/v1/messaging/conversations", { params }));
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
    enabled: !!live && live.length >= LIVE,
  });
  const known = new Set(inbox?.map(({ id }) => id));
  const older = rest.data?.pages.flatMap((page) => page.items).filter(({ id }) => !known.has(id)) ?? [];
  const shown = [...(live ?? []), ...older];
  return (
    <section aria-label={requests ? t`Requests` : t`Conversations`} className={styles.place}>
      {live && shown.length === 0 && (
        <p className={styles.quiet}>
          {requests
            ? t`Nobody waits for your answer. People whom you don't follow have to ask before they can write more than once.`
            : t`You have written to nobody yet. Find somebody by name, or write from their page.`}
        </p>
      )}
      {shown.length > 0 && (
        <ul>
          {shown.map((conversation, place) => (
            <Row key={conversation.id} conversation={conversation} account={account} watched={!requests && place < WATCHED} />
          ))}
        </ul>
      )}
      {older.length > 0 && <More pages={rest} />}
    </section>
  );
}

function Row({ conversation, account, watched }: { conversation: Conversation; account: string; watched: boolean }) {
  const { id, other, last, unread, title, waiting } = conversation;
  return (
    <li className={styles.row}>
      <Avatar person={other ?? { avatar: null, display_name: title, handle: null }} />
      <Link to="/messages/$id" params={{ id }} className={styles.to} data-unread={unread > 0}>
        <span className={styles.name}>
          <bdi>{titleOf(conversation)}</bdi> {other && watched && !waiting && <There account={other.id} dot />}
        </span>
        {last && (
          <span className={styles.line}>
            {last.sender.id === account && t`You: `}
            <bdi>{lineOf(last)}</bdi>
          </span>
        )}
      </Link>
      <span className={styles.aside}>
        {last && <time dateTime={last.sent_at}>{ago(last.sent_at)}</time>}
        <Unread count={unread} />
      </span>
    </li>
  );
}

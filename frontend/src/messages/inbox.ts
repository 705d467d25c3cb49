// The list of one's conversations as it is now, kept by its live stream from the first page on: the badge and the list
// read the same.

import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, given, type Schemas } from "../api/client";
import { follow } from "../live/follow";
import { beat } from "./presence";

export type Conversation = Omit<Schemas["ConversationView"], "seq">;
type Detail = Schemas["ConversationDetail"];
type State = { conversations: Conversation[] };
type Change = { type: "conversation"; conversation: Conversation } | { type: "gone"; id: string };

const COUNT_MS = 500; // the number is asked for once after many changes

export const keys = {
  inbox: (account: string | undefined) => ["messages", "inbox", account],
  unread: (account: string | undefined) => ["messages", "unread", account],
  conversation: (id: string) => ["messages", "conversation", id],
};

/** The conversations that were written in last, and requests; undefined until they have come. */
export function useInbox(account: string | undefined): Conversation[] | undefined {
  return useQuery<Conversation[]>({ queryKey: keys.inbox(account), enabled: false, gcTime: Infinity }).data;
}

/** Keeps the inbox, and returns how much of it isn't read. */
export function useUnread(account: string): number {
  const queries = useQueryClient();
  const unread = useQuery({
    queryKey: keys.unread(account),
    queryFn: async () => given(await api.GET("/v1/messaging/mine/unread")).messages,
  });
  useEffect(() => {
    let timer = 0;
    const count = () => {
      clearTimeout(timer);
      timer = window.setTimeout(() => void queries.invalidateQueries({ queryKey: keys.unread(account) }), COUNT_MS);
    };
    let stop: (() => void) | null = null;
    const { leave, signal } = follow<State, Change>("messaging", {
      stream: `conversations:${account}`,
      connected: (is) => {
        if (is) stop ??= beat((kind) => signal(kind));
        if (is) return;
        stop?.();
        stop = null;
      },
      take: (message) => {
        const snapshot = message.type === "snapshot";
        queries.setQueryData<Conversation[]>(keys.inbox(account), (old) =>
          snapshot ? message.state.conversations : message.events.reduce(changed, old ?? []),
        );
        if (!snapshot) message.events.forEach((event) => tell(queries, event));
        count();
        return true;
      },
    });
    return () => {
      clearTimeout(timer);
      stop?.();
      leave();
    };
  }, [account, queries]);
  return unread.data ?? 0;
}

/** One in which something new was written comes first; any other change leaves it where it is. */
function changed(list: Conversation[], change: Change): Conversation[] {
  if (change.type === "gone") return list.filter(({ id }) => id !== change.id);
  const { conversation } = change;
  const held = list.find(({ id }) => id === conversation.id);
  if (held && held.last?.id === conversation.last?.id) {
    return list.map((each) => (each === held ? conversation : each));
  }
  return [conversation, ...list.filter((each) => each !== held)];
}

function tell(queries: QueryClient, change: Change): void {
  if (change.type === "gone") return void queries.invalidateQueries({ queryKey: keys.conversation(change.id) });
  const { conversation } = change;
  queries.setQueriesData<Detail>(
    { queryKey: keys.conversation(conversation.id) },
    (old) => old && { ...old, conversation: { ...old.conversation, ...conversation } },
  );
}

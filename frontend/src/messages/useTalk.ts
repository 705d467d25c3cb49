// Follows a conversation: its messages in their order, who is in it, who is typing.

import { useCallback, useEffect, useRef, useState } from "react";
import { api, given } from "../api/client";
import { follow, type Followed } from "../live/follow";
import { outbox, useDrafts } from "./outbox";
import { apply, type Change, type Message, type State, type Talk, withEarlier, withMissing } from "./talk";

const TYPING_MS = 15_000;
const SAY_TYPING_MS = 10_000;

type Typing = { type: "typing"; account: string };

export function useTalk(conversation: string, me: string) {
  const [talk, setTalk] = useState<Talk | null>(null);
  const [connected, setConnected] = useState(true);
  const [gone, setGone] = useState(false);
  const [typing, setTyping] = useState<ReadonlyMap<string, number>>(new Map());
  const followed = useRef<Followed | null>(null);
  const saidAt = useRef(0);

  useEffect(() => {
    let held: Talk | null = null;
    const stops = (account: string) =>
      setTyping((before) => (before.has(account) ? new Map([...before].filter(([each]) => each !== account)) : before));
    const { leave, signal } = follow<State, Change, Typing>("messaging", {
      stream: `conversation:${conversation}`,
      connected: (is) => {
        setConnected(is);
        if (is) outbox.retry(conversation);
      },
      take: (message) => {
        const next = apply(held, message);
        if (!next) return false;
        held = next;
        // What was paged in or acknowledged meanwhile is in the state alone.
        setTalk((before) => apply(before, message) ?? next);
        if (message.type === "delta") {
          for (const event of message.events) if (event.type === "message") stops(event.message.sender.id);
        }
        return true;
      },
      signal: ({ account }) => {
        if (account === me) return;
        const until = Date.now() + TYPING_MS;
        setTyping((before) => new Map(before).set(account, until));
        window.setTimeout(() => setTyping((now) => (now.get(account) === until ? new Map([...now].filter(([each]) => each !== account)) : now)), TYPING_MS);
      },
      refused: ({ status }) => {
        if (status !== 404) return true;
        setGone(true);
        return false;
      },
    });
    followed.current = { leave, signal };
    return leave;
  }, [conversation, me]);

  // What was acknowledged is a message like any other, also before the stream tells of it.
  const drafts = useDrafts(conversation);
  useEffect(() => {
    const sent = drafts.map((draft) => draft.sent).filter((message) => message !== null);
    if (sent.length === 0 || !talk) return;
    setTalk((before) => before && withMissing(before, sent));
    outbox.remove(drafts.filter((draft) => draft.sent).map(({ clientId }) => clientId));
  }, [drafts, talk]);

  /** Brings earlier messages; the first page has what the stream has told already. */
  const earlier = useCallback(async () => {
    let cursor = talk?.earlier ?? undefined;
    const [first] = talk?.messages ?? [];
    const read: Message[] = [];
    do {
      const params = { path: { conversation_id: conversation }, query: { cursor } };
      const page = given(await api.GET("/v1/messaging/conversations/{conversation_id}/messages", { params }));
      read.push(...page.items);
      cursor = page.next ?? undefined;
    } while (cursor && first && !read.some(({ seq }) => seq < first.seq));
    setTalk((before) => before && withEarlier(before, { items: read, next: cursor ?? null }));
  }, [conversation, talk]);

  const says = useCallback(() => {
    if (Date.now() - saidAt.current < SAY_TYPING_MS) return;
    saidAt.current = Date.now();
    followed.current?.signal("typing");
  }, []);

  return { talk, drafts, connected, gone, typing: [...typing.keys()], earlier, says };
}

// What is held of a conversation, and what its live stream makes of it (docs/api/messaging.md).

import type { Schemas } from "../api/client";
import type { Delta, Snapshot } from "../live/connection";

export type Message = Schemas["MessageView"];
export type Member = Schemas["ConversationMember"];

export type State = { title: string; members: Member[]; messages: Message[] };
export type Change =
  | { type: "message"; seq: number; what: "sent" | "edited" | "deleted" | "reacted"; message: Message }
  | { type: "member"; seq: number; member: Member }
  | { type: "read"; seq: number; account: string; read: number }
  | { type: "title"; seq: number; title: string };

export type Talk = State & {
  /** Where earlier messages go on; undefined as long as none were asked for, null once there are none. */
  earlier: string | null | undefined;
  /** What has changed of messages that aren't held yet. */
  aside: Message[];
};

const SNAPSHOT_MESSAGES = 50;

/** Applies a message of the stream; null where there is nothing that it leads on from. */
export function apply(talk: Talk | null, message: Snapshot<State> | Delta<Change>): Talk | null {
  if (message.type === "delta") return talk && message.events.reduce(changed, talk);
  const { title, members, messages } = message.state;
  const earlier = messages.length < SNAPSHOT_MESSAGES ? null : undefined;
  return { title, members, messages: inOrder(messages), earlier, aside: [] };
}

function changed(talk: Talk, change: Change): Talk {
  switch (change.type) {
    case "message": {
      const { message, what } = change;
      const [first] = talk.messages;
      const unknown = talk.earlier !== null && what !== "sent" && first && message.seq < first.seq;
      if (unknown) return { ...talk, aside: [...talk.aside.filter(({ id }) => id !== message.id), message] };
      return { ...talk, messages: inOrder([...talk.messages.filter(({ id }) => id !== message.id), message]) };
    }
    case "member": {
      const { member } = change;
      const others = talk.members.filter(({ person }) => person.id !== member.person.id);
      return { ...talk, members: member.state === "left" ? others : [...others, member] };
    }
    case "read":
      return {
        ...talk,
        members: talk.members.map((each) => (each.person.id === change.account ? { ...each, read: change.read } : each)),
      };
    case "title":
      return { ...talk, title: change.title };
  }
}

/** Adds a page of earlier messages; what came by the stream is newer than the page. */
export function withEarlier(talk: Talk, page: { items: Message[]; next: string | null }): Talk {
  return { ...withMissing(talk, page.items), earlier: page.next };
}

/** Adds messages of which nothing is held. */
export function withMissing(talk: Talk, messages: Message[]): Talk {
  const held = new Set(talk.messages.map(({ id }) => id));
  const missing = messages.filter(({ id }) => !held.has(id));
  if (missing.length === 0) return talk;
  const newest = missing.map((message) => talk.aside.find(({ id }) => id === message.id) ?? message);
  return { ...talk, messages: inOrder([...talk.messages, ...newest]) };
}

function inOrder(messages: Message[]): Message[] {
  return [...messages].sort((one, two) => one.seq - two.seq);
}

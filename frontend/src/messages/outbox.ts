// Messages that the server hasn't acknowledged, sent one after the other in each conversation. A message goes under the
// same `client_id` each time, so that one whose answer was lost is still one message, also after the page was loaded anew.

import { useSyncExternalStore } from "react";
import { api, given } from "../api/client";
import { Problem } from "../api/problem";
import { session } from "../session/session";
import { type Attached, upload } from "./attach";
import { drop, keep, kept, wipe } from "./kept";
import type { Message } from "./talk";

export type Draft = {
  clientId: string;
  conversation: string;
  text: string;
  replyTo: string | null;
  /** What goes with it. */
  files: readonly Attached[];
  /** How much of that is sent, from 0 to 1. */
  progress: number;
  /** Why it isn't sent; null while it is on its way. */
  error: Error | null;
  /** The message, once it was acknowledged. */
  sent: Message | null;
};

class Outbox {
  #account = "";
  #drafts: readonly Draft[] = [];
  #sending = new Set<string>();
  #listeners = new Set<() => void>();

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  all = (): readonly Draft[] => this.#drafts;

  add(conversation: string, text: string, replyTo: string | null, files: Attached[] = []): void {
    const draft = { clientId: crypto.randomUUID(), conversation, text, replyTo, files, progress: 0, error: null, sent: null };
    this.#set([...this.#drafts, draft]);
    const { clientId } = draft;
    if (this.#account) noted(keep({ clientId, account: this.#account, at: Date.now(), conversation, text, replyTo, files }));
    void this.#send(conversation);
  }

  /** Takes up what an account hasn't sent, and forgets what is another's; without an account, all that is kept. */
  async open(account: string): Promise<void> {
    if (account === this.#account) return;
    this.#account = account;
    this.#set([]);
    if (!account) return noted(wipe());
    const found = await kept(account);
    if (this.#account !== account) return;
    const known = new Set(this.#drafts.map(({ clientId }) => clientId));
    const earlier = found.filter((each) => !known.has(each.clientId));
    const taken = earlier.map(({ clientId, conversation, text, replyTo, files = [] }) => {
      return { clientId, conversation, text, replyTo, files, progress: 0, error: null, sent: null };
    });
    this.#set([...taken, ...this.#drafts]);
    for (const conversation of new Set(taken.map((draft) => draft.conversation))) void this.#send(conversation);
  }

  /** Tries again what a lost connection, or a server that had too much to do, kept from being sent. */
  retry(conversation: string): void {
    const stuck = (draft: Draft) => draft.conversation === conversation && draft.error !== null && passes(draft.error);
    if (!this.#drafts.some(stuck)) return;
    this.#set(this.#drafts.map((draft) => (stuck(draft) ? { ...draft, error: null } : draft)));
    void this.#send(conversation);
  }

  retryAll = (): void => {
    for (const conversation of new Set(this.#drafts.map((draft) => draft.conversation))) this.retry(conversation);
  };

  remove(clientIds: string[]): void {
    const conversations = new Set(this.#drafts.filter(({ clientId }) => clientIds.includes(clientId)).map((each) => each.conversation));
    this.#set(this.#drafts.filter(({ clientId }) => !clientIds.includes(clientId)));
    for (const clientId of clientIds) noted(drop(clientId));
    for (const conversation of conversations) void this.#send(conversation); // what was behind it
  }

  async #send(conversation: string): Promise<void> {
    if (this.#sending.has(conversation)) return;
    this.#sending.add(conversation);
    try {
      for (;;) {
        const draft = this.#drafts.find((each) => each.conversation === conversation && !each.sent);
        if (!draft || draft.error) return;
        const { clientId } = draft;
        const outcome = await sent(draft, (change) => this.#change(clientId, change));
        if (outcome.sent) noted(drop(clientId));
        this.#change(clientId, () => outcome);
      }
    } finally {
      this.#sending.delete(conversation);
    }
  }

  #change(clientId: string, change: (draft: Draft) => Partial<Draft>): void {
    this.#set(this.#drafts.map((each) => (each.clientId === clientId ? { ...each, ...change(each) } : each)));
  }

  #set(drafts: readonly Draft[]): void {
    this.#drafts = drafts;
    for (const listener of this.#listeners) listener();
  }
}

/** A browser that keeps nothing, as some windows do, still sends; what isn't sent is lost with the page then. */
function noted(stored: Promise<unknown>): void {
  stored.catch((error: unknown) => console.warn("unsent messages aren't kept in this browser", error));
}

type Outcome = Pick<Draft, "sent" | "error"> & Partial<Draft>;

async function sent(draft: Draft, tell: (change: (now: Draft) => Partial<Draft>) => void): Promise<Outcome> {
  const { clientId, conversation, text, replyTo, files } = draft;
  try {
    const attachments = await upload([...files], (progress, done) =>
      tell((now) => ({ progress, files: done ? now.files.map((each, place) => (place === done.place ? { ...each, id: done.id } : each)) : now.files })),
    );
    const params = { path: { conversation_id: conversation } };
    const body = { client_id: clientId, text, attachments, ...(replyTo ? { reply_to: replyTo } : {}) };
    return { sent: given(await api.POST("/v1/messaging/conversations/{conversation_id}/messages", { params, body })), error: null };
  } catch (error) {
    // Ready for longer than the server keeps what isn't sent: it goes there once more, by itself.
    if (error instanceof Problem && error.slug === "image-used" && files.every(({ id }) => id)) {
      return sent({ ...draft, files: files.map(({ id: _, ...each }) => each) }, tell);
    }
    return { sent: null, error: error instanceof Error ? error : new Error(String(error)) };
  }
}

/** Whether the same message may be taken later. */
export function passes(error: Error): boolean {
  return !(error instanceof Problem) || error.status >= 500 || (error.status === 429 && error.slug !== "over-quota");
}

export const outbox = new Outbox();

window.addEventListener("online", outbox.retryAll);
const open = () => noted(outbox.open(session.account?.id ?? "")); // what somebody wrote stays theirs
session.subscribe(open);
if (session.account) open();

/** What was written in a conversation and isn't there yet. */
export function useDrafts(conversation: string): Draft[] {
  const all = useSyncExternalStore(outbox.subscribe, outbox.all);
  return all.filter((draft) => draft.conversation === conversation);
}

// Messages that the server hasn't acknowledged, sent one after the other in each conversation. A message goes under the
// same `client_id` each time, so that one whose answer was lost is still one message.

import { useSyncExternalStore } from "react";
import { api, given } from "../api/client";
import { Problem } from "../api/problem";
import { session } from "../session/session";
import type { Message } from "./talk";

export type Draft = {
  clientId: string;
  conversation: string;
  text: string;
  replyTo: string | null;
  /** Why it isn't sent; null while it is on its way. */
  error: Error | null;
  /** The message, once it was acknowledged. */
  sent: Message | null;
};

class Outbox {
  #drafts: readonly Draft[] = [];
  #sending = new Set<string>();
  #listeners = new Set<() => void>();

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  all = (): readonly Draft[] => this.#drafts;

  add(conversation: string, text: string, replyTo: string | null): void {
    const draft = { clientId: crypto.randomUUID(), conversation, text, replyTo, error: null, sent: null };
    this.#set([...this.#drafts, draft]);
    void this.#send(conversation);
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
    for (const conversation of conversations) void this.#send(conversation); // what was behind it
  }

  clear(): void {
    this.#set([]);
  }

  async #send(conversation: string): Promise<void> {
    if (this.#sending.has(conversation)) return;
    this.#sending.add(conversation);
    try {
      for (;;) {
        const draft = this.#drafts.find((each) => each.conversation === conversation && !each.sent);
        if (!draft || draft.error) return;
        const outcome = await sent(draft);
        this.#set(this.#drafts.map((each) => (each.clientId === draft.clientId ? { ...each, ...outcome } : each)));
      }
    } finally {
      this.#sending.delete(conversation);
    }
  }

  #set(drafts: readonly Draft[]): void {
    this.#drafts = drafts;
    for (const listener of this.#listeners) listener();
  }
}

async function sent({ clientId, conversation, text, replyTo }: Draft): Promise<Pick<Draft, "sent" | "error">> {
  try {
    const params = { path: { conversation_id: conversation } };
    const body = { client_id: clientId, text, ...(replyTo ? { reply_to: replyTo } : {}) };
    return { sent: given(await api.POST("/v1/messaging/conversations/{conversation_id}/messages", { params, body })), error: null };
  } catch (error) {
    return { sent: null, error: error instanceof Error ? error : new Error(String(error)) };
  }
}

/** Whether the same message may be taken later. */
export function passes(error: Error): boolean {
  return !(error instanceof Problem) || error.status >= 500 || (error.status === 429 && error.slug !== "over-quota");
}

export const outbox = new Outbox();

window.addEventListener("online", outbox.retryAll);
session.subscribe(() => outbox.clear()); // what somebody wrote stays theirs

/** What was written in a conversation and isn't there yet. */
export function useDrafts(conversation: string): Draft[] {
  const all = useSyncExternalStore(outbox.subscribe, outbox.all);
  return all.filter((draft) => draft.conversation === conversation);
}

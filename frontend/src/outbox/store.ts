// Ballots that haven't been acknowledged, kept in this browser so that a reload loses none. Each belongs to an account,
// or to nobody yet (""), and is sent as theirs alone. Signing out deletes all of them.

import type { BallotBody } from "../api/client";
import { session } from "../session/session";

export type Waiting = {
  account: string;
  poll: string;
  version: number;
  body: BallotBody;
  /** What whoever has no connection is told of it. */
  title?: string;
  code?: string;
  /** The server has said no; it waits for its voter alone, on the poll's page. */
  refused?: boolean;
};

const STORE = "ballots";

function database(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("votewave", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: ["account", "poll"] });
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error ?? new Error("no database"));
  });
}

async function run<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const opened = await database();
  try {
    return await new Promise<T>((resolve, reject) => {
      const transaction = opened.transaction(STORE, mode);
      const request = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = () => reject(transaction.error ?? new Error("not stored"));
    });
  } finally {
    opened.close();
  }
}

const listeners = new Set<() => void>();

/** Tells of ballots that this page keeps or drops. */
export function onChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

async function change<T>(act: (store: IDBObjectStore) => IDBRequest<T>): Promise<void> {
  await run("readwrite", act);
  for (const listener of listeners) listener();
}

/** Whether two are the same ballot of the same voter. */
const same = (one: Waiting, other: Waiting) => one.version === other.version && JSON.stringify(one.body) === JSON.stringify(other.body);

/** Drops a ballot that the server has answered, or marks it as refused; unless a newer one has taken its place. */
export async function settle(sent: Waiting, { refused = false } = {}): Promise<void> {
  await change((store) => {
    const found = store.get([sent.account, sent.poll]) as IDBRequest<Waiting | undefined>;
    found.onsuccess = () => {
      if (!found.result || !same(found.result, sent)) return;
      if (refused) store.put({ ...found.result, refused });
      else store.delete([sent.account, sent.poll]);
    };
    return found;
  });
}

/** Has one tab at a time send the ballot of a poll, so that an older one never arrives after a newer. */
export async function alone<T>(poll: string, act: () => Promise<T>): Promise<T> {
  // Browsers have locks where a page is secure; elsewhere tabs may meet, which is as it was before there were locks.
  const locks = navigator.locks as LockManager | null | undefined;
  return locks ? await locks.request(`votewave-ballot ${poll}`, act) : act();
}

export async function keep(waiting: Waiting): Promise<void> {
  await change((store) => store.put(waiting));
}

/** All ballots that wait in this browser, whosever they are: signing out deletes them. */
export async function all(): Promise<Waiting[]> {
  return run("readonly", (store) => store.getAll() as IDBRequest<Waiting[]>);
}

export async function kept(account: string, poll: string): Promise<Waiting | null> {
  return (await run("readonly", (store) => store.get([account, poll]) as IDBRequest<Waiting | undefined>)) ?? null;
}

export async function drop(account: string, poll: string): Promise<void> {
  await change((store) => store.delete([account, poll]));
}

session.subscribe(() => {
  if (!session.account) void change((store) => store.clear());
});

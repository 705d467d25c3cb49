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

// Ballots that haven't been acknowledged, kept in this browser so that a reload loses none. Each belongs to an account,
// or to nobody yet (""), and is sent as theirs alone. Signing out deletes all of them.

import type { BallotBody } from "../api/client";
import { session } from "../session/session";

export type Waiting = { account: string; poll: string; version: number; body: BallotBody };

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

export async function keep(waiting: Waiting): Promise<void> {
  await run("readwrite", (store) => store.put(waiting));
}

export async function kept(account: string, poll: string): Promise<Waiting | null> {
  return (await run("readonly", (store) => store.get([account, poll]) as IDBRequest<Waiting | undefined>)) ?? null;
}

export async function drop(account: string, poll: string): Promise<void> {
  await run("readwrite", (store) => store.delete([account, poll]));
}

session.subscribe(() => {
  if (!session.account) void run("readwrite", (store) => store.clear());
});

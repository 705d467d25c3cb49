// Messages that the server hasn't acknowledged, kept in this browser so that a reload loses none. Each belongs to the
// account that wrote it. Signing out deletes all of them.

import type { Attached } from "./attach";

export type Kept = {
  clientId: string;
  account: string;
  at: number;
  conversation: string;
  text: string;
  replyTo: string | null;
  /** What goes with it; what was kept before there was any has none. */
  files?: Attached[];
};

const STORE = "messages";

function database(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("votewave.messages", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "clientId" }).createIndex("account", "account");
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
      transaction.onabort = () => reject(transaction.error ?? new Error("not stored"));
    });
  } finally {
    opened.close();
  }
}

// One after the other: what is wiped after it was put stays wiped.
let last: Promise<unknown> = Promise.resolve();
function inTurn<T>(act: () => Promise<T>): Promise<T> {
  const next = last.then(act, act);
  last = next.catch(() => undefined);
  return next;
}

export const keep = (message: Kept): Promise<unknown> => inTurn(() => run("readwrite", (store) => store.put(message)));
export const drop = (clientId: string): Promise<unknown> => inTurn(() => run("readwrite", (store) => store.delete(clientId)));
export const wipe = (): Promise<unknown> => inTurn(() => run("readwrite", (store) => store.clear()));

/** What an account has written and wasn't sent, in its order. */
export async function kept(account: string): Promise<Kept[]> {
  const found = await inTurn(() => run("readonly", (store) => store.index("account").getAll(account) as IDBRequest<Kept[]>));
  return found.sort((one, other) => one.at - other.at);
}

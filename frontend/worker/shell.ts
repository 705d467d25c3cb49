// The shell: the one document of all pages, and the scripts and styles it needs. Assets have the hash of what is in them
// in their names, so what is kept is never old. The document is asked for anew, and the kept one is for when that fails.

import { ENTRY, SHELL } from "./made";

declare const self: ServiceWorkerGlobalScope;

const KEPT = "votewave-shell ";
const mine = KEPT + ENTRY;
const PATIENCE_MS = 4000;
const MOST_ALSO = 300;
const ASSET = /^\/assets\/[\w.-]{1,120}$/;
// Not the client's pages: what opens there is the API's own.
const APART = /^\/(v1|docs|health|metrics|\.well-known)(\/|$)|^\/openapi\.json$/;

/** Brings the shell, with the document that is any page's. A document of another version, from an instance that isn't renewed yet, is none: then it fails. */
export async function install(): Promise<void> {
  const document = await fetch("/index.html", { cache: "reload", credentials: "omit" });
  if (!document.ok || !(await document.clone().text()).includes(ENTRY)) throw new Error("the document isn't of this version");
  const kept = await caches.open(mine);
  await kept.addAll(SHELL);
  await kept.put("/", document);
}

/** Forgets versions that no page can be of any more; the one before may still be open in another tab. */
export async function tidy(): Promise<void> {
  const others = (await caches.keys()).filter((name) => name.startsWith(KEPT) && name !== mine);
  await Promise.all(others.slice(0, -1).map((name) => caches.delete(name)));
}

/** Keeps what a page has loaded before it had a worker, such as its language. */
export async function keepAlso(paths: string[]): Promise<void> {
  const kept = await caches.open(mine);
  const wanted = paths.filter((path) => ASSET.test(path)).slice(0, MOST_ALSO);
  const there = new Set((await kept.keys()).map(({ url }) => new URL(url).pathname));
  // One that can't be had is only missing without a connection.
  await Promise.allSettled(wanted.filter((path) => !there.has(path)).map((path) => kept.add(path)));
}

/** Returns what a request is answered with, or null where the worker has nothing to say. */
export function answerOf(event: FetchEvent): Promise<Response> | null {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return null;
  if (ASSET.test(pathname)) return asset(request);
  if (request.mode === "navigate" && !APART.test(pathname)) return page(event);
  return null;
}

async function asset(request: Request): Promise<Response> {
  const found = await caches.match(request, { ignoreVary: true });
  if (found) return found;
  const answer = await fetch(request);
  if (answer.ok && answer.type === "basic") {
    const kept = await caches.open(mine);
    await kept.put(request, answer.clone()).catch(() => undefined); // there is no room: it is asked for again
  }
  return answer;
}

async function page(event: FetchEvent): Promise<Response> {
  const asked = fresh(event);
  const answer = await Promise.race([asked.catch(() => null), after(PATIENCE_MS)]);
  if (answer && answer.status < 500) return answer;
  const kept = await caches.match("/", { cacheName: mine, ignoreVary: true });
  return kept ?? answer ?? asked;
}

async function fresh(event: FetchEvent): Promise<Response> {
  const preloaded = (await event.preloadResponse) as Response | undefined;
  return preloaded ?? fetch(event.request);
}

function after(time: number): Promise<null> {
  return new Promise((resolve) => void setTimeout(() => resolve(null), time));
}

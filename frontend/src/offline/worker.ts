// The service worker as the pages see it: it is there once the page is, and a new version waits until somebody wants it.

import { useSyncExternalStore } from "react";

const HOUR_MS = 3_600_000;

let found: ServiceWorkerRegistration | null = null;
let waiting: ServiceWorker | null = null;
const listeners = new Set<() => void>();

function tell(worker: ServiceWorker | null) {
  if (worker === waiting) return;
  waiting = worker;
  for (const listener of listeners) listener();
}

/** What the worker needs to know of this page: its version, and what it has loaded before it had a worker. */
function here() {
  const entry = [...document.querySelectorAll<HTMLLinkElement>("link[data-begin]")].at(-1);
  const loaded = performance.getEntriesByType("resource").map(({ name }) => new URL(name));
  const ours = loaded.filter(({ origin, pathname }) => origin === location.origin && pathname.startsWith("/assets/"));
  return { type: "here", entry: entry ? new URL(entry.href).pathname : "", loaded: ours.map(({ pathname }) => pathname) };
}

function watch(worker: ServiceWorker | null) {
  if (!worker) return;
  const look = () => {
    const isNew = worker.state === "installed" && !!navigator.serviceWorker.controller;
    if (worker.state === "installed" || worker.state === "activated") worker.postMessage(here());
    tell(isNew ? worker : waiting === worker ? null : waiting);
  };
  worker.addEventListener("statechange", look);
  look();
}

/** Brings the service worker, and looks for new versions from time to time. */
export async function bring(): Promise<void> {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  const registration = await navigator.serviceWorker.register("/sw.js", { updateViaCache: "none" });
  found = registration;
  watch(registration.active);
  watch(registration.waiting);
  watch(registration.installing);
  registration.addEventListener("updatefound", () => watch(registration.installing));
  let last = Date.now();
  const update = () => {
    if (document.visibilityState !== "visible" || Date.now() - last < HOUR_MS) return;
    last = Date.now();
    registration.update().catch(() => undefined); // without a connection there is nothing new
  };
  document.addEventListener("visibilitychange", update);
  window.setInterval(update, HOUR_MS);
}

/** The registration, for what is pushed; null where there is no worker. */
export const registered = (): ServiceWorkerRegistration | null => found;

/** Loads the pages anew in the version that waits. */
export function renew(): void {
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
  waiting?.postMessage({ type: "renew" });
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

const waits = () => waiting !== null;

/** Whether a new version waits. */
export const useNewVersion = (): boolean => useSyncExternalStore(subscribe, waits, waits);

// The service worker: it keeps the shell, so that the pages open without a connection, and takes what is pushed. Answers
// of the API are never kept: they are one account's, and a vote's result of yesterday is no result.

import { answerOf, install, keepAlso, tidy } from "./shell";
import { takePushes } from "./push";
import { ENTRY } from "./made";

declare const self: ServiceWorkerGlobalScope;

/** What a page says: which version it is and what it has loaded already, or that its reader wants the new version. */
type Said = { type: "here"; entry: string; loaded: string[] } | { type: "renew" };

self.addEventListener("install", (event) => event.waitUntil(install()));

self.addEventListener("activate", (event) =>
  event.waitUntil(Promise.all([tidy(), self.registration.navigationPreload?.enable(), self.clients.claim()])),
);

self.addEventListener("fetch", (event) => {
  const answer = answerOf(event);
  if (answer) event.respondWith(answer);
});

// A new version waits until a reader wants it: whoever fills in a ballot isn't disturbed. Where a page has come anew by
// itself and is of the new version already, there is nothing to wait for.
self.addEventListener("message", (event) => {
  const said = event.data as Said;
  if (said.type === "renew" || said.entry === ENTRY) event.waitUntil(self.skipWaiting());
  if (said.type === "here" && said.entry === ENTRY) event.waitUntil(keepAlso(said.loaded));
});

takePushes(self);

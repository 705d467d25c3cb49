// What is pushed to this browser, and what happens when a reader touches it.
//
// A message has English words with it. The pages leave those of the reader's language where this finds them, so that no
// catalogue has to be loaded here.

import { BADGE, ICON } from "./made";
import { renewSubscription } from "./subscription";
import { WORDS_CACHE, WORDS_PATH, type Words } from "./words";

/** `services/notifications/service/pushing.py`, `Message`. */
type Pushed = {
  kind: string;
  title: string;
  people: string[];
  count: number;
  type: string;
  subject: string;
  poll: string | null;
  more: number;
  at: string;
};

const TAG = "news"; // what is new takes the place of what was: a message says how many others there are

export function takePushes(worker: ServiceWorkerGlobalScope): void {
  worker.addEventListener("push", (event) => event.waitUntil(show(worker, event.data)));
  worker.addEventListener("notificationclick", (event) => {
    event.notification.close();
    const { path } = event.notification.data as { path: string };
    event.waitUntil(open(worker, path));
  });
  worker.addEventListener("pushsubscriptionchange", (event) =>
    event.waitUntil(renewSubscription(worker.registration.pushManager, event.newSubscription)),
  );
}

async function show(worker: ServiceWorkerGlobalScope, data: PushMessageData | null): Promise<void> {
  const pushed = data?.json() as Pushed; // what can't be read isn't ours: the browser says so itself
  const words = await wordsOf();
  const body = pushed.more > 0 && words ? words.more.replace("{more}", `${pushed.more}${pushed.more >= 20 ? "+" : ""}`) : "";
  await worker.registration.showNotification(sentence(pushed, words), {
    body,
    tag: TAG,
    icon: ICON,
    badge: BADGE,
    lang: words?.locale ?? "en",
    data: { path: pathOf(pushed) },
    ...{ renotify: true, timestamp: Date.parse(pushed.at) }, // not in TypeScript's library yet
  });
}

async function wordsOf(): Promise<Words | null> {
  const kept = await caches.match(WORDS_PATH, { cacheName: WORDS_CACHE });
  return kept ? ((await kept.json()) as Words) : null;
}

function sentence(pushed: Pushed, words: Words | null): string {
  const said = (pushed.count > 1 ? words?.many : words?.one)?.[pushed.kind];
  if (!words || !said) return pushed.title;
  return said.replace("{who}", () => who(pushed, words));
}

function who({ people, count }: Pushed, words: Words): string {
  if (people.length === 0) return words.somebody;
  const rest = count - 2;
  if (count <= people.length || rest < 2) return new Intl.ListFormat(words.locale).format(people);
  const named = people.slice(0, 2).join(", ");
  return words.others.replace("{rest}", count >= 100 ? `${rest}+` : `${rest}`).replace("{named}", () => named);
}

/** Where what was pushed is: with others beside it, in the list. */
export function pathOf({ more, type, subject, poll }: Pick<Pushed, "more" | "type" | "subject" | "poll">): string {
  if (more > 0) return "/notifications";
  if (poll) return `/polls/${poll}`;
  if (type === "poll") return `/polls/${subject}`;
  if (type === "wave") return `/waves/${subject}`;
  if (type === "conversation") return `/messages/${subject}`;
  return "/notifications";
}

/** Shows a page that is open there already, or opens one: what somebody fills in elsewhere stays as it is. */
async function open(worker: ServiceWorkerGlobalScope, path: string): Promise<void> {
  const windows = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = windows.find(({ url }) => new URL(url).pathname === path);
  await (there ? there.focus() : worker.clients.openWindow(path));
}

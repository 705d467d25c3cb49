// Web push, as the pages have it: whether this browser can be told, whether it is, and the words of the reader's
// language for the service worker, which shows what comes (`worker/push.ts`).

import { i18n } from "@lingui/core";
import { plural, t } from "@lingui/core/macro";
import { type Mine, MINE_PATH, WORDS_CACHE, WORDS_PATH, type Words } from "../../worker/words";
import { api, given } from "../api/client";
import { registered } from "../offline/worker";
import { browserOf } from "../settings/browser";

const MINE = "votewave.push"; // the account and the device that this browser was added as
const DECLINED = "votewave.push-declined";

/** Why this browser isn't told; null if it is. */
export type Standing = "told" | "not-asked" | "refused" | "impossible";

type Added = { account: string; device: string };

function added(): Added | null {
  try {
    return JSON.parse(localStorage.getItem(MINE) ?? "null") as Added | null;
  } catch {
    return null; // somebody has written there
  }
}

async function worker(): Promise<ServiceWorkerRegistration | null> {
  if (!("PushManager" in window) || !("Notification" in window) || !("serviceWorker" in navigator)) return null;
  return registered() ?? (await navigator.serviceWorker.getRegistration("/")) ?? null;
}

/** How it stands with this browser and an account. */
export async function standing(account: string): Promise<Standing> {
  await catchUp();
  const registration = await worker();
  if (!registration) return "impossible";
  if (Notification.permission === "denied") return "refused";
  const subscribed = await registration.pushManager.getSubscription();
  return subscribed && Notification.permission === "granted" && added()?.account === account ? "told" : "not-asked";
}

/** The id of the device that this browser is for an account. */
export const deviceHere = (account: string): string | null => {
  const mine = added();
  return mine?.account === account ? mine.device : null;
};

/** Whether somebody may be asked who has said no neither to us nor to the browser. */
export async function mayAsk(account: string): Promise<boolean> {
  if (localStorage.getItem(DECLINED)) return false;
  return (await standing(account)) === "not-asked";
}

export const decline = (): void => localStorage.setItem(DECLINED, "yes");

/** Has this browser be told what concerns an account; a reader's act, for browsers ask then. */
export async function enable(account: string): Promise<Standing> {
  const registration = await worker();
  if (!registration) return "impossible";
  if ((await Notification.requestPermission()) !== "granted") return "refused";
  await add(registration, account);
  return "told";
}

async function add(registration: ServiceWorkerRegistration, account: string): Promise<void> {
  const { key } = given(await api.GET("/v1/notifications/devices/key"));
  const wanted = bytesOf(key);
  let subscription = await registration.pushManager.getSubscription();
  const known = subscription?.options.applicationServerKey;
  if (subscription && !(known && same(new Uint8Array(known), wanted))) {
    await subscription.unsubscribe(); // our key is another one now
    subscription = null;
  }
  subscription ??= await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: wanted });
  const { endpoint, keys } = subscription.toJSON();
  const body = {
    endpoint: endpoint ?? "",
    keys: { p256dh: keys?.p256dh ?? "", auth: keys?.auth ?? "" },
    label: browserOf(navigator.userAgent).slice(0, 60),
    replaces: (await left())?.device ?? deviceHere(account), // not another one's: the server sees to that
  };
  const device = given(await api.PUT("/v1/notifications/devices", { body }));
  localStorage.setItem(MINE, JSON.stringify({ account, device: device.id } satisfies Added));
  await leave(WORDS_PATH, words());
  await leave(MINE_PATH, { account, device: device.id, label: body.label } satisfies Mine);
}

/** Adds this browser anew, if it is an account's: its subscription, our key or the language may be other ones by now. */
export async function renewPush(account: string): Promise<void> {
  const registration = await worker();
  if (registration && (await standing(account)) === "told") await add(registration, account);
}

/** Has this browser, or every one of the account, be told nothing more. */
export async function endPush({ everywhere = false } = {}): Promise<void> {
  const mine = (await left()) ?? added();
  localStorage.removeItem(MINE);
  if ("caches" in window) await (await caches.open(WORDS_CACHE)).delete(MINE_PATH);
  const subscription = await (await worker())?.pushManager.getSubscription();
  await subscription?.unsubscribe();
  const others = everywhere ? given(await api.GET("/v1/notifications/devices")).items.map(({ id }) => id) : [];
  // Of one that is gone already there is nothing to say.
  const gone = new Set([...others, ...(mine ? [mine.device] : [])]);
  await Promise.all([...gone].map((device_id) => api.DELETE("/v1/notifications/devices/{device_id}", { params: { path: { device_id } } })));
}

/** Leaves something for the service worker, which can't read what pages store elsewhere. */
async function leave(path: string, what: Words | Mine): Promise<void> {
  const kept = await caches.open(WORDS_CACHE);
  await kept.put(path, new Response(JSON.stringify(what), { headers: { "content-type": "application/json" } }));
}

/** Takes over what the worker has done meanwhile. */
async function catchUp(): Promise<void> {
  const mine = await left();
  if (mine && mine.account === added()?.account) localStorage.setItem(MINE, JSON.stringify({ account: mine.account, device: mine.device } satisfies Added));
}

/** What this browser was added as last; the worker may have added it anew since the pages did. */
async function left(): Promise<Mine | null> {
  if (!("caches" in window)) return null; // as where there is no worker
  const kept = await caches.match(MINE_PATH, { cacheName: WORDS_CACHE });
  return kept ? ((await kept.json()) as Mine) : null;
}

function words(): Words {
  const [named, rest, more] = ["{named}", "{rest}", "{more}"];
  return {
    locale: i18n.locale,
    one: sentences("{who}", 1),
    many: sentences("{who}", 2),
    somebody: t`Somebody`,
    others: t`${named} and ${rest} others`,
    more: t`There are others beside it: ${more}`,
  };
}

/** What a locked phone may show: who did what, and nothing that anybody wrote. */
function sentences(who: string, count: number): Record<string, string> {
  return {
    follow: plural(count, { one: `${who} follows you`, other: `${who} follow you` }),
    follow_request: plural(count, { one: `${who} asks to follow you`, other: `${who} ask to follow you` }),
    mention: plural(count, { one: `${who} named you`, other: `${who} named you` }),
    reaction: plural(count, { one: `${who} reacted to your Wave`, other: `${who} reacted to your Wave` }),
    ripple: plural(count, { one: `${who} shared your Wave on`, other: `${who} shared your Wave on` }),
    comment: plural(count, { one: `${who} commented on your poll`, other: `${who} commented on your poll` }),
    reply: plural(count, { one: `${who} answered you`, other: `${who} answered you` }),
    thread: plural(count, { one: `${who} commented where you follow the comments`, other: `${who} commented where you follow the comments` }),
    moderation: t`Something that you wrote was hidden`,
    restored: t`Something that you wrote was hidden, and is shown again`,
    poll_opened: t`Voting has begun in a poll that you watch`,
    poll_closing: t`Voting ends soon in a poll that you watch`,
    poll_closed: t`Voting is over in a poll that you watch, or in yours`,
    message: plural(count, { one: `${who} wrote to you`, other: `${who} wrote to you` }),
    message_request: plural(count, { one: `${who} would like to write to you`, other: `${who} would like to write to you` }),
  };
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
}

const same = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, at) => byte === other[at]);

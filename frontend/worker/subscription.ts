// A browser may end its subscription and make another one, at a time when no page is open. What is pushed would go
// nowhere until somebody opens one, so the worker has the new one take the place of the old.

import { MINE_PATH, type Mine, WORDS_CACHE } from "./words";

type Tokens = { access_token: string; account: { id: string } };

/** Tells the server of a new subscription, or of one that is made here if the browser hasn't made any. */
export async function renewSubscription(pushes: PushManager, made: PushSubscription | null): Promise<void> {
  const kept = await caches.open(WORDS_CACHE);
  const left = await kept.match(MINE_PATH);
  if (!left) return; // nobody is told in this browser
  const mine = (await left.json()) as Mine;
  const tokens = await signedIn();
  if (tokens?.account.id !== mine.account) return; // they have signed out since, or it is somebody else's by now
  const headers = { authorization: `Bearer ${tokens.access_token}` };
  const { endpoint, keys } = (made ?? (await subscribe(pushes, headers))).toJSON();
  const answer = await fetch("/v1/notifications/devices", {
    method: "PUT",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify({
      endpoint,
      keys: { p256dh: keys?.p256dh, auth: keys?.auth },
      label: mine.label,
      replaces: mine.device,
    }),
  });
  const { id: device } = (await given(answer)) as { id: string };
  await kept.put(MINE_PATH, Response.json({ ...mine, device } satisfies Mine));
}

/** A token of whoever is signed in, by the cookie; null for nobody. Pages that ask in the same moment get the same. */
async function signedIn(): Promise<Tokens | null> {
  const answer = await fetch("/v1/auth/sessions/refresh", { method: "POST" });
  return answer.status === 401 ? null : ((await given(answer)) as Tokens);
}

async function subscribe(pushes: PushManager, headers: Record<string, string>): Promise<PushSubscription> {
  const { key } = (await given(await fetch("/v1/notifications/devices/key", { headers }))) as { key: string };
  return pushes.subscribe({ userVisibleOnly: true, applicationServerKey: key });
}

/** What was answered. If it is a refusal, that is the browser's to log: the next page that is opened adds it anew. */
async function given(answer: Response): Promise<unknown> {
  if (!answer.ok) throw new Error(`${answer.url}: ${answer.status}`);
  return answer.json();
}

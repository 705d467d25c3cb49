// Ballots that wait, and casting them: what is told to the voter is what the server has said, and nothing more.

import { act, createElement } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Poll } from "../src/api/client";
import { all, drop, keep, kept } from "../src/outbox/store";
import { type Casting, useCasting } from "../src/outbox/useCasting";
import { session, useAccount } from "../src/session/session";

const poll = {
  id: "p1",
  code: "CODE",
  title: "Lunch",
  version: 3,
  rules: { anonymous: false, eligibility: "anyone" },
} as unknown as Poll;
const body = { picks: [2] };
const guest = {
  access_token: "token",
  expires_in: 900,
  account: { id: "guest-1", kind: "guest" },
};

const answer = (status: number, data: object) =>
  new Response(JSON.stringify(data), { status, headers: { "content-type": "application/json" } });

/** Has requests answered by what is given for their method and path, or fail as without a network. */
let ways: Record<string, () => Response | Promise<Response>> = {};
let sent: string[] = [];

function network(given: typeof ways) {
  ways = given;
}

beforeEach(() => {
  sent = [];
  ways = {};
  vi.stubGlobal("fetch", (asked: Request | string, options?: RequestInit) => {
    const [method, url] = typeof asked === "string" ? [options?.method, asked] : [asked.method, asked.url];
    const way = `${method} ${new URL(url, location.origin).pathname}`;
    sent.push(way);
    const found = ways[way];
    return found ? Promise.resolve(found()) : Promise.reject(new TypeError("no network"));
  });
});

let root: Root | null = null;
let shown: ReturnType<typeof useCasting>;

async function open(of = poll) {
  root = createRoot(document.body.appendChild(document.createElement("div")));
  await act(async () => {
    root?.render(
      createElement(function Shown() {
        shown = useCasting(of, useAccount()?.id ?? "", () => undefined);
        return null;
      }),
    );
  });
}

async function close() {
  await act(async () => root?.unmount());
  root = null;
}

const until = (state: Casting["state"]) => vi.waitFor(() => expect(shown.casting.state).toBe(state));

afterEach(async () => {
  await close();
  session.ended();
  for (const { account, poll: id } of await all()) await drop(account, id);
});

const CAST = "PUT /v1/votebooth/polls/p1/ballot";
const GUEST = "POST /v1/auth/guests";

it("keeps each account's ballot apart", async () => {
  await keep({ account: "a", poll: "p1", version: 1, body: { picks: [1] } });
  await keep({ account: "b", poll: "p1", version: 1, body: { picks: [2] } });
  await keep({ account: "a", poll: "p1", version: 2, body: { picks: [3] } });
  expect((await kept("a", "p1"))?.body).toEqual({ picks: [3] });
  expect((await kept("b", "p1"))?.body).toEqual({ picks: [2] });
  expect(await kept("", "p1")).toBeNull();
  await drop("a", "p1");
  expect(await all()).toHaveLength(1);
});

it("is empty once somebody has signed out", async () => {
  network({ [GUEST]: () => answer(201, guest) });
  await session.guest();
  await keep({ account: "guest-1", poll: "p1", version: 1, body });
  session.ended();
  await vi.waitFor(async () => expect(await all()).toEqual([]));
});

it("calls a vote counted only when it is acknowledged, and keeps nothing then", async () => {
  const acknowledged = Promise.withResolvers<Response>();
  network({ [GUEST]: () => answer(201, guest), [CAST]: () => acknowledged.promise });
  await open();
  await act(async () => void shown.cast(body));
  await vi.waitFor(() => expect(sent).toContain(CAST));
  expect(shown.casting).toMatchObject({ state: "sending", receipt: null });
  expect(await all()).toHaveLength(1);
  await act(async () => acknowledged.resolve(answer(201, { receipt: "r-1" })));
  await until("counted");
  expect(shown.casting.receipt).toBe("r-1");
  expect(await all()).toEqual([]);
});

it("keeps a vote without a connection, and sends it once there is one", async () => {
  network({ [GUEST]: () => answer(201, guest) });
  await open();
  await act(() => shown.cast(body));
  await until("waiting");
  expect(await kept("guest-1", "p1")).toMatchObject({ body, version: 3, title: "Lunch", code: "CODE" });
  expect(await kept("", "p1"), "it is the guest's from then on").toBeNull();

  network({ [CAST]: () => answer(200, { receipt: "r-2" }) });
  sent = [];
  await act(async () => void window.dispatchEvent(new Event("online")));
  await until("counted");
  expect(sent).toEqual([CAST]);
  expect(await all()).toEqual([]);
});

it("sends what an earlier page has left, as it was cast", async () => {
  network({ [GUEST]: () => answer(201, guest), [CAST]: () => answer(200, { receipt: "r-3" }) });
  await session.guest();
  await keep({ account: "guest-1", poll: "p1", version: 2, body });
  await open();
  await until("counted");
  expect(sent.filter((way) => way === CAST)).toHaveLength(1);
});

it.each([500, 503, 429])("takes %i for a hindrance that passes", async (status) => {
  network({ [GUEST]: () => answer(201, guest), [CAST]: () => answer(status, {}) });
  await open();
  await act(() => shown.cast(body));
  expect(shown.casting.state).toBe("waiting");
  expect(await all()).toHaveLength(1);
});

it.each([403, 409, 410, 422])("takes %i for the server's word, and doesn't send it again", async (status) => {
  network({ [GUEST]: () => answer(201, guest), [CAST]: () => answer(status, { type: "x" }) });
  await open();
  await act(() => shown.cast(body));
  expect(shown.casting.state).toBe("refused");
  expect(shown.casting.ballot, "it is still filled in").toEqual(body);
  expect(await all()).toEqual([]);
});

it("never stores an anonymous ballot", async () => {
  network({ [GUEST]: () => answer(201, guest) });
  await open({ ...poll, rules: { ...poll.rules, anonymous: true } });
  await act(() => shown.cast(body));
  expect(shown.casting.state).toBe("waiting");
  expect(await all()).toEqual([]);
});

it("sends a ballot once, however often it is asked to", async () => {
  network({ [GUEST]: () => answer(201, guest), [CAST]: () => answer(201, { receipt: "r-4" }) });
  await open();
  await act(async () => void (await Promise.all([shown.cast(body), shown.cast(body), shown.cast(body)])));
  expect(sent.filter((way) => way === CAST)).toHaveLength(1);
});

it("forgets a waiting ballot that its voter takes back", async () => {
  network({ [GUEST]: () => answer(201, guest) });
  await open();
  await act(() => shown.cast(body));
  await close();
  await open();
  await until("waiting");
  await act(() => shown.takeBack());
  expect(shown.casting.state).toBe("idle");
  expect(await all()).toEqual([]);
});

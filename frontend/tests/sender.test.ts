// Ballots that wait are sent from whatever page is open: each account's own, once, and never an older one after a newer.

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { enter } from "../src/outbox/here";
import { type Told, sender } from "../src/outbox/sender";
import { all, drop, keep, kept } from "../src/outbox/store";
import { session } from "../src/session/session";

const CAST = "PUT /v1/votebooth/polls/p1/ballot";
const GUEST = "POST /v1/auth/guests";
const guest = { access_token: "token", expires_in: 900, account: { id: "guest-1", kind: "guest" } };
const mine = { account: "guest-1", poll: "p1", version: 3, body: { picks: [2] }, title: "Lunch", code: "CODE" };

const answer = (status: number, data: object) =>
  new Response(JSON.stringify(data), { status, headers: { "content-type": "application/json" } });

let ways: Record<string, () => Response | Promise<Response>> = {};
let sent: string[] = [];
let bodies: unknown[] = [];
let stop: () => void = () => undefined;

beforeEach(() => {
  ways = { [GUEST]: () => answer(201, guest) };
  sent = [];
  bodies = [];
  vi.stubGlobal("fetch", async (asked: Request | string, options?: RequestInit) => {
    const [method, url] = typeof asked === "string" ? [options?.method, asked] : [asked.method, asked.url];
    const way = `${method} ${new URL(url, location.origin).pathname}`;
    sent.push(way);
    if (typeof asked !== "string") bodies.push(await asked.clone().json());
    const found = ways[way];
    if (!found) throw new TypeError("no network");
    return found();
  });
});

afterEach(async () => {
  stop();
  session.ended();
  await vi.waitFor(async () => expect(await all()).toEqual([]));
  for (const told of sender.told()) await sender.dismiss(told);
});

const says = (state: Told["state"]) => vi.waitFor(() => expect(sender.told().map((told) => told.state)).toEqual([state]));

it("sends what waits, and says so only when it is acknowledged", async () => {
  const acknowledged = Promise.withResolvers<Response>();
  ways[CAST] = () => acknowledged.promise;
  await session.guest();
  await keep(mine);
  stop = sender.start();
  await vi.waitFor(() => expect(sent).toContain(CAST));
  expect(sender.told()).toEqual([]);
  expect(await all()).toHaveLength(1);
  acknowledged.resolve(answer(201, { receipt: "r" }));
  await says("counted");
  await vi.waitFor(async () => expect(await all()).toEqual([]));
  expect(bodies).toEqual([mine.body]);
});

it("tries again what didn't arrive, once there is a connection", async () => {
  await session.guest();
  await keep(mine);
  stop = sender.start();
  await says("again");
  expect(await all()).toHaveLength(1);
  ways[CAST] = () => answer(200, { receipt: "r" });
  window.dispatchEvent(new Event("online"));
  await says("counted");
});

it.each([503, 429])("takes %i for a hindrance that passes", async (status) => {
  ways[CAST] = () => answer(status, {});
  await session.guest();
  await keep(mine);
  stop = sender.start();
  await says("again");
  expect(await all()).toHaveLength(1);
});

it("leaves what was refused to its poll's page, and drops it on its voter's word", async () => {
  ways[CAST] = () => answer(410, { type: "x/voting-over" });
  await session.guest();
  await keep(mine);
  stop = sender.start();
  await says("refused");
  await vi.waitFor(async () => expect(await kept("guest-1", "p1")).toMatchObject({ refused: true }));
  window.dispatchEvent(new Event("online"));
  await keep({ ...mine, poll: "p2" });
  await vi.waitFor(() => expect(sent).toContain("PUT /v1/votebooth/polls/p2/ballot"));
  expect(sent.filter((way) => way === CAST), "it isn't asked again").toHaveLength(1);
  const [refused] = sender.told();
  if (refused) await sender.dismiss(refused);
  expect(await kept("guest-1", "p1")).toBeNull();
});

it("leaves the ballot of a poll whose page is open to that page", async () => {
  ways[CAST] = () => answer(201, { receipt: "r" });
  const left = enter("p1");
  await session.guest();
  await keep(mine);
  await keep({ ...mine, poll: "p2" });
  stop = sender.start();
  await vi.waitFor(() => expect(sent).toContain("PUT /v1/votebooth/polls/p2/ballot"));
  expect(sent).not.toContain(CAST);
  left();
  await vi.waitFor(async () => expect(await kept("guest-1", "p1")).toBeNull());
  expect(sent).toContain(CAST);
});

it("makes a guest of whoever has voted as nobody yet, once", async () => {
  ways[CAST] = () => answer(201, { receipt: "r" });
  ways["PUT /v1/votebooth/polls/p2/ballot"] = () => answer(201, { receipt: "r" });
  await keep({ ...mine, account: "" });
  await keep({ ...mine, account: "", poll: "p2" });
  stop = sender.start();
  await vi.waitFor(() => expect(sender.told()).toHaveLength(2));
  expect(sent.filter((way) => way === GUEST)).toHaveLength(1);
  await vi.waitFor(async () => expect(await all()).toEqual([]));
});

it("sends nobody's ballot but that of the one who is here", async () => {
  ways[CAST] = () => answer(201, { receipt: "r" });
  await session.guest();
  await keep({ ...mine, account: "somebody-else" });
  await keep({ ...mine, poll: "p2" });
  stop = sender.start();
  await vi.waitFor(() => expect(sent).toContain("PUT /v1/votebooth/polls/p2/ballot"));
  expect(sent).not.toContain(CAST);
  await drop("somebody-else", "p1");
});

it("drops what belongs to a session that has ended while no page was open", async () => {
  await keep(mine);
  stop = sender.start();
  await vi.waitFor(async () => expect(await all()).toEqual([]));
  expect(sent).toEqual([]);
});

it("neither keeps nor tells anything of somebody who leaves while their ballot is under way", async () => {
  const answered = Promise.withResolvers<Response>();
  ways[CAST] = () => answered.promise;
  await session.guest();
  await keep(mine);
  stop = sender.start();
  await vi.waitFor(() => expect(sent).toContain(CAST));
  session.ended();
  answered.resolve(answer(410, { type: "x/voting-over" }));
  await vi.waitFor(async () => expect(await all()).toEqual([]));
  expect(sender.told()).toEqual([]);
});

it("keeps a newer ballot that takes the place of one under way, and sends it after that", async () => {
  const first = Promise.withResolvers<Response>();
  ways[CAST] = () => first.promise;
  await session.guest();
  await keep(mine);
  stop = sender.start();
  await vi.waitFor(() => expect(sent).toContain(CAST));
  await keep({ ...mine, body: { picks: [0] } });
  ways[CAST] = () => answer(200, { receipt: "r" });
  first.resolve(answer(201, { receipt: "r" }));
  await vi.waitFor(async () => expect(await all()).toEqual([]));
  expect(bodies).toEqual([mine.body, { picks: [0] }]);
});

// A connection that comes back goes on where each stream stood, and asks for everything anew where it can't.

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Connection, type Delta, type Follower, type Snapshot } from "../src/live/connection";
import { apply, type Changes, nothing, type State } from "../src/live/messages";

class Socket {
  static readonly OPEN = 1;
  static made: Socket[] = [];
  readyState = 0;
  said: Record<string, unknown>[] = [];
  onopen?: () => void;
  onmessage?: (event: { data: string }) => void;
  onclose?: () => void;
  constructor(readonly url: string) {
    Socket.made.push(this);
  }
  send(text: string) {
    this.said.push(JSON.parse(text) as Record<string, unknown>);
  }
  close() {
    this.readyState = 3;
  }
  opens() {
    this.readyState = 1;
    this.onopen?.();
  }
  says(message: object) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  breaks() {
    this.readyState = 3;
    this.onclose?.();
  }
}

const last = () => Socket.made.at(-1) as Socket;
let connection: Connection;
let taken: (Snapshot<unknown> | Delta<unknown>)[] = [];
let known: boolean[] = [];
const over = vi.fn<() => void>();

const follower = (rest: Partial<Follower> = {}): Follower => ({
  stream: "poll:1",
  take: (message) => taken.push(message) > 0,
  connected: (is) => known.push(is),
  ...rest,
});
const snapshot = (seq: number, epoch = "e") => ({ type: "snapshot", stream: "poll:1", epoch, seq, state: {} });
const delta = (prev: number, seq: number, epoch = "e") => ({ type: "delta", stream: "poll:1", epoch, prev, seq, events: [] });

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", Socket);
  vi.spyOn(Math, "random").mockReturnValue(0.5); // waits are as long as they are meant to be
  Socket.made = [];
  taken = [];
  known = [];
  connection = new Connection("votebooth", false, over);
});
afterEach(() => {
  connection.close();
  vi.useRealTimers();
});

it("asks for a stream when the connection opens, and again from where it stood", async () => {
  connection.follow(follower());
  last().opens();
  expect(last().said).toEqual([{ type: "follow", stream: "poll:1" }]);
  last().says(snapshot(7));
  last().says(delta(7, 9));
  last().breaks();
  expect(known).toEqual([true, true, false]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(Socket.made).toHaveLength(2);
  last().opens();
  expect(last().said).toEqual([{ type: "follow", stream: "poll:1", epoch: "e", seq: 9 }]);
  last().says({ type: "current", stream: "poll:1" });
  expect(known.at(-1)).toBe(true);
});

it.each([
  ["something is missing before", delta(8, 9)],
  ["it is of another epoch", delta(7, 8, "other")],
])("takes no change where %s, and asks for everything", (_, change) => {
  connection.follow(follower());
  last().opens();
  last().says(snapshot(7));
  last().says(change);
  expect(taken).toHaveLength(1);
  expect(last().said.at(-1)).toEqual({ type: "follow", stream: "poll:1" });
});

it("doesn't ask in a loop for a snapshot that can't be taken", async () => {
  connection.follow(follower({ take: () => false }));
  last().opens();
  for (const wait of [1000, 2000, 4000]) {
    const before = last().said.length;
    last().says(snapshot(7));
    expect(last().said).toHaveLength(before);
    await vi.advanceTimersByTimeAsync(wait - 1);
    expect(last().said).toHaveLength(before);
    await vi.advanceTimersByTimeAsync(1);
    expect(last().said).toHaveLength(before + 1);
  }
});

it("waits twice as long with each failure, half a minute at most, and not at all once it is online", async () => {
  for (const wait of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
    const before = Socket.made.length;
    last().breaks();
    await vi.advanceTimersByTimeAsync(wait - 1);
    expect(Socket.made).toHaveLength(before);
    await vi.advanceTimersByTimeAsync(1);
    expect(Socket.made).toHaveLength(before + 1);
  }
  last().breaks();
  window.dispatchEvent(new Event("online"));
  await vi.advanceTimersByTimeAsync(0);
  expect(Socket.made).toHaveLength(9);
});

it("takes silence for a lost connection", async () => {
  connection.follow(follower());
  last().opens();
  await vi.advanceTimersByTimeAsync(39_000);
  last().says({ type: "ping" });
  await vi.advanceTimersByTimeAsync(39_000);
  expect(Socket.made).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(2000);
  expect(Socket.made).toHaveLength(2);
});

it("ignores what an earlier attempt brings late", async () => {
  connection.follow(follower());
  const first = last();
  first.opens();
  first.breaks();
  await vi.advanceTimersByTimeAsync(1000);
  first.says(snapshot(7));
  expect(taken).toEqual([]);
});

it("comes back when the server has said, and shows until then what it has", async () => {
  connection.follow(follower());
  last().opens();
  last().says(snapshot(7));
  last().says({ type: "end", reason: "stopping", retry_ms: 250 });
  expect(known).toEqual([true]);
  await vi.advanceTimersByTimeAsync(250);
  expect(Socket.made).toHaveLength(2);
});

it("leaves a stream that is refused for good, and closes when nobody follows anything", async () => {
  connection.follow(follower({ refused: ({ status }) => status !== 404 }));
  last().opens();
  last().says({ type: "refused", stream: "poll:1", problem: { status: 404 } });
  expect(connection.has("poll:1")).toBe(false);
  expect(last().said.at(-1)).toEqual({ type: "leave", stream: "poll:1" });
  await vi.advanceTimersByTimeAsync(2000);
  expect(over).toHaveBeenCalledOnce();
});

it("changes sums by what has changed alone, and nothing before there are any", () => {
  const events: Changes[] = [{ kind: "sums", ballots: 4, sums: { 2: 3 } }];
  const change: Delta<Changes> = { type: "delta", epoch: "e", prev: 1, seq: 2, events };
  expect(apply(nothing, change)).toBeNull();
  const options = [{ id: 1, label: "Ada", sum: 1 }, { id: 2, label: "Bo", sum: 2 }];
  const state = { kind: "sums", status: "open", ballots: 3, abstentions: 1, quorum: null, options, seq: 1 } as unknown as State;
  const live = apply(nothing, { type: "snapshot", epoch: "e", seq: 1, state });
  const next = live && apply(live, change);
  expect(next?.sums).toMatchObject({ seq: 2, ballots: 4, abstentions: 1, options: [{ sum: 1 }, { sum: 3 }] });
  expect(live?.sums?.options[1]?.sum, "what was shown before isn't touched").toBe(2);
  const hidden: State = { kind: "hidden", status: "live", reason: "after_vote", detail: "Later.", shown_at: null };
  expect(next && apply(next, { type: "snapshot", epoch: "e", seq: 3, state: hidden })?.sums).toBeNull();
});

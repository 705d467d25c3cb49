// One WebSocket to a service, which carries all of its streams that are followed here (docs/api/live.md). It comes back
// by itself and goes on where each stream stood.

import { api, given } from "../api/client";
import { session } from "../session/session";

export type Service = "votebooth" | "messaging" | "notifications";

export type Snapshot<State> = { type: "snapshot"; epoch: string; seq: number; state: State };
export type Delta<Event> = { type: "delta"; epoch: string; seq: number; prev: number; events: Event[] };

/** Who follows a stream, and what they make of what it sends. */
export type Follower<State = unknown, Event = unknown, Signal = unknown> = {
  stream: string;
  /** What the stream asks for beside an account. */
  token?: string;
  /** Takes what leads on from what it has; says false where it can't, and gets a snapshot. */
  take: (message: Snapshot<State> | Delta<Event>) => boolean;
  /** What it has is how things stand, or may be no longer. */
  connected?: (is: boolean) => void;
  signal?: (signal: Signal) => void;
  /** The stream can't be followed, or no longer. It is asked for again, ever more seldom, until this says false. */
  refused?: (problem: { status?: number }) => boolean;
};

type Message =
  | (Snapshot<unknown> & { stream: string })
  | (Delta<unknown> & { stream: string })
  | { type: "current"; stream: string }
  | { type: "signal"; stream: string; signal: unknown }
  | { type: "refused"; stream: string; problem: { status?: number } }
  | { type: "ping" }
  | { type: "end"; reason: string; retry_ms: number };

const LONGEST_WAIT_MS = 30_000;
const SILENCE_MS = 40_000; // the server says something every 15 s
const LINGER_MS = 2_000; // a page that takes another's place finds the connection open

const tickets = {
  votebooth: () => api.POST("/v1/votebooth/live/tickets", { body: {} }),
  messaging: () => api.POST("/v1/messaging/live/tickets", { body: {} }),
  notifications: () => api.POST("/v1/notifications/live/tickets", { body: {} }),
};

/** Doubles with each failure, up to 30 s, and differs from client to client. */
function wait(tries: number): number {
  return Math.min(1000 * 2 ** tries, LONGEST_WAIT_MS) * (0.5 + Math.random());
}

/** What one follower has of a stream. */
class Following {
  position: { epoch: string; seq: number } | null = null;
  refusals = 0;
  timer = 0;
  constructor(readonly follower: Follower) {}
}

export class Connection {
  readonly #service: Service;
  readonly #known: boolean;
  readonly #over: () => void;
  readonly #followed = new Map<string, Following>();
  #socket: WebSocket | null = null;
  #attempt = 0; // whatever an earlier attempt brings late is ignored
  #timer = 0;
  #tries = 0;
  #lingering = 0;
  #closed = false;

  /**
   * @param known Whether the server shall know who follows.
   * @param over Called once nobody has followed anything for a while; it is closed then.
   */
  constructor(service: Service, known: boolean, over: () => void) {
    this.#service = service;
    this.#known = known;
    this.#over = over;
    document.addEventListener("visibilitychange", this.#back);
    window.addEventListener("online", this.#back);
    window.addEventListener("offline", this.#again);
    void this.#open();
  }

  /** Begins to follow a stream that isn't followed on this connection. */
  follow(follower: Follower): void {
    clearTimeout(this.#lingering);
    const following = new Following(follower);
    this.#followed.set(follower.stream, following);
    this.#ask(following);
  }

  has(stream: string): boolean {
    return this.#followed.has(stream);
  }

  leave(stream: string): void {
    clearTimeout(this.#followed.get(stream)?.timer);
    if (!this.#followed.delete(stream)) return;
    this.#send({ type: "leave", stream });
    if (this.#followed.size === 0) this.#lingering = window.setTimeout(() => this.close(), LINGER_MS);
  }

  /** Tells the others who follow a stream something that holds for seconds; without a connection it is lost. */
  signal(stream: string, kind: string): void {
    this.#send({ type: "signal", stream, kind });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#drop();
    clearTimeout(this.#lingering);
    for (const { timer } of this.#followed.values()) clearTimeout(timer);
    this.#followed.clear();
    document.removeEventListener("visibilitychange", this.#back);
    window.removeEventListener("online", this.#back);
    window.removeEventListener("offline", this.#again);
    this.#over();
  }

  #send(message: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #ask({ follower: { stream, token }, position }: Following): void {
    this.#send({ type: "follow", stream, ...(token ? { token } : {}), ...position });
  }

  #drop(): void {
    this.#attempt++;
    clearTimeout(this.#timer);
    this.#socket?.close();
    this.#socket = null;
  }

  async #open(): Promise<void> {
    this.#drop();
    const attempt = this.#attempt;
    this.#heard();
    let query = "";
    try {
      // Tokens don't belong in URLs; a ticket opens one connection.
      if (this.#known) query = `?ticket=${given(await tickets[this.#service]()).ticket}`;
    } catch {
      if (attempt === this.#attempt) this.#again(); // the network or the server is away; `connected` says so
      return;
    }
    if (attempt !== this.#attempt) return;
    const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/v1/${this.#service}/live${query}`);
    this.#socket = socket;
    socket.onopen = () => {
      for (const following of this.#followed.values()) this.#ask(following);
    };
    socket.onmessage = (event: MessageEvent<string>) => {
      if (attempt === this.#attempt) this.#take(JSON.parse(event.data) as Message);
    };
    socket.onclose = () => {
      if (attempt === this.#attempt) this.#again();
    };
  }

  /** Connects after a while, the later the more often it failed. */
  readonly #again = (): void => {
    this.#drop();
    for (const { follower } of this.#followed.values()) follower.connected?.(false);
    this.#timer = window.setTimeout(() => void this.#open(), wait(this.#tries++));
  };

  readonly #back = (): void => {
    if (document.visibilityState !== "visible" || this.#socket?.readyState === WebSocket.OPEN) return;
    this.#tries = 0;
    void this.#open();
  };

  #heard(): void {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(this.#again, SILENCE_MS);
  }

  #take(message: Message): void {
    this.#heard();
    if (message.type === "ping") return;
    if (message.type === "end") return this.#end(message.reason, message.retry_ms);
    this.#tries = 0;
    const following = this.#followed.get(message.stream);
    if (!following) return;
    const { follower, position } = following;
    switch (message.type) {
      case "signal":
        return follower.signal?.(message.signal);
      case "refused":
        return this.#refused(following, message.problem);
      case "current":
        return follower.connected?.(true);
      default: {
        const leadsOn =
          message.type === "snapshot" || (position?.epoch === message.epoch && position.seq === message.prev);
        if (leadsOn && follower.take(message)) {
          following.position = { epoch: message.epoch, seq: message.seq };
          following.refusals = 0;
          return follower.connected?.(true);
        }
        following.position = null;
        if (message.type === "snapshot") return this.#later(following);
        this.#ask(following);
      }
    }
  }

  #refused(following: Following, problem: { status?: number }): void {
    const { follower } = following;
    if (problem.status === 401) return this.#again(); // the session is another one by now; so is the next ticket
    follower.connected?.(false);
    if (follower.refused?.(problem) === false) return this.leave(follower.stream);
    this.#later(following);
  }

  #later(following: Following): void {
    clearTimeout(following.timer);
    following.timer = window.setTimeout(() => this.#ask(following), wait(following.refusals++));
  }

  /** The server ends each connection at times, and says when to come back: what is shown still holds until then. */
  #end(reason: string, retryMs: number): void {
    if (reason === "token-expired") void session.token().catch(() => undefined); // asks for a new one where it is over
    this.#drop();
    this.#timer = window.setTimeout(() => void this.#open(), retryMs);
  }
}

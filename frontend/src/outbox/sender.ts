// Sends the ballots that wait in this browser, whatever page is open. That of a poll whose own page is open is left to it.

import { api, given } from "../api/client";
import { Problem } from "../api/problem";
import { session } from "../session/session";
import { isOpen, onMove } from "./here";
import { mayPass, waitMs } from "./passing";
import { all, alone, drop, keep, kept, onChange, settle, type Waiting } from "./store";

/** What is said of a ballot: that it is tried again, has been acknowledged, or was refused. */
export type Told = { waiting: Waiting; state: "again" | "counted" | "refused" };

class Sender {
  #told: readonly Told[] = [];
  #listeners = new Set<() => void>();
  #running = false;
  #again = false;
  #tries = 0;
  #timer = 0;

  /** Begins to send; ends when what is returned is called. */
  start(): () => void {
    const look = () => void this.#run();
    const stops = [onChange(look), onMove(look), session.subscribe(this.#ofOthers), session.subscribe(look)];
    window.addEventListener("online", look);
    look();
    return () => {
      for (const stop of stops) stop();
      window.removeEventListener("online", look);
      clearTimeout(this.#timer);
    };
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  told = (): readonly Told[] => this.#told;

  /** Says no more of a ballot; one that was refused is dropped. */
  async dismiss({ waiting, state }: Told): Promise<void> {
    this.#hush(waiting.poll);
    if (state === "refused") await drop(waiting.account, waiting.poll);
  }

  async #run(): Promise<void> {
    this.#again = true;
    if (this.#running) return;
    this.#running = true;
    clearTimeout(this.#timer);
    try {
      while (this.#again) {
        this.#again = false;
        await this.#round();
      }
      this.#tries = 0;
    } catch (error) {
      // What the server refuses to do for anybody it is asked again on the next occasion.
      if (mayPass(error)) this.#timer = window.setTimeout(() => void this.#run(), waitMs(this.#tries++));
    } finally {
      this.#running = false;
    }
  }

  /** Sends what waits, one after the other. Raises the first error that may pass, once all have had their turn. */
  async #round(): Promise<void> {
    const found = await all().catch(() => []); // where nothing can be kept, nothing waits
    const gone = ({ waiting, state }: Told) => state !== "counted" && !found.some(({ poll }) => poll === waiting.poll);
    this.#tell(this.#told.filter((each) => !gone(each) && !isOpen(each.waiting.poll)));
    if (!found.length || !navigator.onLine) return; // its coming back is told
    await session.token();
    let passing: unknown = null;
    for (const each of found.filter(({ poll }) => !isOpen(poll))) {
      try {
        await alone(each.poll, async () => isOpen(each.poll) || this.#one(each)); // it may have been opened meanwhile
      } catch (error) {
        if (!(error instanceof Problem)) throw error; // none of the others would arrive either
        passing ??= error;
      }
    }
    if (passing) throw passing;
  }

  async #one(waiting: Waiting): Promise<void> {
    const here = session.account;
    if (waiting.account && !here) return drop(waiting.account, waiting.poll); // its session has ended
    if (!waiting.account && here?.kind !== "user") return this.#adopt(waiting);
    if (waiting.account !== here?.id) return;
    if (waiting.refused) return this.#say(waiting, "refused");
    await this.#send(waiting.account, waiting.poll);
  }

  /** Whoever has voted as nobody yet becomes a guest, whose ballot it is from then on. */
  async #adopt(waiting: Waiting): Promise<void> {
    if (!session.account) await session.guest();
    await keep({ ...waiting, account: session.account?.id ?? "" });
    await drop("", waiting.poll);
  }

  async #send(account: string, poll: string): Promise<void> {
    const waiting = await kept(account, poll);
    if (!waiting || waiting.refused || session.account?.id !== account) return this.#hush(poll); // as another tab has left it
    try {
      const params = { path: { poll_id: poll }, header: { "Poll-Version": waiting.version } };
      given(await api.PUT("/v1/votebooth/polls/{poll_id}/ballot", { params, body: waiting.body }));
    } catch (error) {
      this.#say(waiting, mayPass(error) ? "again" : "refused");
      if (mayPass(error)) throw error;
      return settle(waiting, { refused: true });
    }
    this.#say(waiting, "counted");
    await settle(waiting);
  }

  #ofOthers = () => {
    const account = session.account?.id;
    this.#tell(this.#told.filter(({ waiting }) => waiting.account === account));
  };

  #say(waiting: Waiting, state: Told["state"]): void {
    if (waiting.account !== session.account?.id) return; // they have left meanwhile
    const before = this.#told.find((each) => each.waiting.poll === waiting.poll);
    if (before?.state === state) return;
    this.#tell([...this.#told.filter((each) => each !== before), { waiting, state }]);
  }

  #hush(poll: string): void {
    this.#tell(this.#told.filter(({ waiting }) => waiting.poll !== poll));
  }

  #tell(told: readonly Told[]): void {
    if (told.length === this.#told.length && told.every((each, at) => each === this.#told[at])) return;
    this.#told = told;
    for (const listener of this.#listeners) listener();
  }
}

export const sender = new Sender();

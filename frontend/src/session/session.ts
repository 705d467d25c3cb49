// Who is at this browser. The access token is in memory alone; the refresh token is in a cookie that no script can
// read. What storage holds is whether asking for a new token makes sense at all.

import { t } from "@lingui/core/macro";
import { useSyncExternalStore } from "react";
import { Problem, type ProblemDocument } from "../api/problem";
import { forgetEarly, SIGNED_IN, takeRenewal } from "../early";
import type { components } from "../api/schema";

type Tokens = components["schemas"]["Tokens"];
export type Account = components["schemas"]["AccountView"];

const EARLY_MS = 30_000; // a token is renewed this long before it ends, for clocks and networks differ

async function post(path: string, body?: object, token?: string): Promise<Tokens> {
  const headers: Record<string, string> = body ? { "content-type": "application/json" } : {};
  if (token) headers.authorization = `Bearer ${token}`;
  return tokensOf(await fetch(path, { method: "POST", headers, body: body ? JSON.stringify(body) : null }));
}

async function tokensOf(answer: Response): Promise<Tokens> {
  if (!answer.ok) {
    throw new Problem(answer.status, (await answer.json().catch(() => ({}))) as Partial<ProblemDocument>);
  }
  return (await answer.json()) as Tokens;
}

class Session {
  account: Account | null = null;
  #token = "";
  #until = 0;
  #renewing: Promise<void> | null = null;
  #entering: Promise<void> | null = null;
  #listeners = new Set<() => void>();

  /** The token for the next request, or "" for nobody's. */
  async token(): Promise<string> {
    const over = Date.now() > this.#until - EARLY_MS;
    if (over && localStorage.getItem(SIGNED_IN)) await this.#renew();
    return this.#token;
  }

  /** A token that isn't the given one, which was refused; "" if the session is over. */
  async renewed(refused: string): Promise<string> {
    if (this.#token === refused) await this.#renew();
    return this.#token;
  }

  /** Makes whoever is here a guest; one, however many ask for it at once. */
  guest(): Promise<void> {
    this.#entering ??= post("/v1/auth/guests", { refresh: "cookie" })
      .then((tokens) => this.#take(tokens))
      .finally(() => {
        this.#entering = null;
      });
    return this.#entering;
  }

  async signIn(email: string, password: string): Promise<void> {
    this.#take(await post("/v1/auth/sessions", { email, password, refresh: "cookie" }));
  }

  /** Opens an account; a guest's votes stay theirs. */
  async signUp(email: string, password: string): Promise<void> {
    const guest = this.account?.kind === "guest" ? await this.token() : "";
    const path = guest ? "/v1/auth/guests/upgrade" : "/v1/auth/accounts";
    this.#take(await post(path, { email, password, refresh: "cookie" }, guest || undefined));
  }

  /** Ends this session, or all of the account's. */
  async signOut({ everywhere = false } = {}): Promise<void> {
    const token = await this.token();
    if (token) {
      // Whoever comes next to this browser isn't shown what concerns this account.
      await import("../notifications/push").then(({ endPush }) => endPush({ everywhere })).catch(() => undefined);
      const answer = await fetch(everywhere ? "/v1/auth/sessions" : "/v1/auth/sessions/current", {
        method: "DELETE",
        headers: { authorization: `Bearer ${token}` },
      });
      if (!answer.ok && answer.status !== 401) throw new Problem(answer.status, { detail: t`You are still signed in. Try again.` });
    }
    this.#forget();
  }

  /** Forgets a session that the server has ended already. */
  ended(): void {
    this.#forget();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #renew(): Promise<void> {
    // The page's first one is under way since before this script was there.
    const early = takeRenewal();
    this.#renewing ??= (early ? early.then(tokensOf) : post("/v1/auth/sessions/refresh"))
      .then((tokens) => this.#take(tokens))
      .catch((error: unknown) => {
        // Only the server's word ends a session: a lost connection doesn't.
        if (!(error instanceof Problem) || error.status !== 401) throw error;
        this.#forget();
      })
      .finally(() => {
        this.#renewing = null;
      });
    return this.#renewing;
  }

  #take(tokens: Tokens): void {
    this.#token = tokens.access_token;
    this.#until = Date.now() + tokens.expires_in * 1000;
    localStorage.setItem(SIGNED_IN, tokens.account.kind);
    this.#be(tokens.account);
  }

  #forget(): void {
    this.#token = "";
    this.#until = 0;
    // What was entered and isn't sent is nobody else's (making/kept.ts), nor is what goes with an account (words/locale.ts).
    const theirs = (key: string) => key === SIGNED_IN || key.startsWith("making:") || key.startsWith("votewave.account.");
    for (const key of Object.keys(localStorage)) if (theirs(key)) localStorage.removeItem(key);
    this.#be(null);
  }

  #be(account: Account | null): void {
    if (account?.id === this.account?.id && account?.kind === this.account?.kind) return;
    if (this.account) forgetEarly();
    this.account = account;
    for (const listener of this.#listeners) listener();
  }
}

export const session = new Session();

const account = () => session.account;

export function useAccount(): Account | null {
  return useSyncExternalStore(session.subscribe, account, account);
}

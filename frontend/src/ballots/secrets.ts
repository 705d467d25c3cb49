// Voting tokens and secrets of anonymous ballots. They stay in memory: whoever uses this browser next gets neither.

import { isScreen } from "../rooms/paths";

const tokens = new Map<string, string>();
const secrets = new Map<string, string>();
let invited = "";

/** Takes the voting token of an invitation out of the address, before anything else could see or keep it. */
export function takeInvitation(): void {
  if (isScreen(location.pathname)) return; // a screen's token is no ballot's, and stays for a reload
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return;
  invited = token;
  history.replaceState(history.state, "", location.pathname + location.search);
}

/** The token for a poll: that of the invitation which the page was opened by. */
export function votingToken(poll: string): string {
  if (invited && !tokens.has(poll)) {
    tokens.set(poll, invited);
    invited = "";
  }
  return tokens.get(poll) ?? "";
}

export function keepSecret(poll: string, secret: string): void {
  secrets.set(poll, secret);
}

export function ballotHeaders(poll: string): { "Ballot-Token"?: string; "Ballot-Secret"?: string } {
  const token = votingToken(poll);
  const secret = secrets.get(poll);
  return { ...(token ? { "Ballot-Token": token } : {}), ...(secret ? { "Ballot-Secret": secret } : {}) };
}

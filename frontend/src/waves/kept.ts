// The words of a Wave that isn't published yet: in this browser until they are, or until their writer signs out
// (session/session.ts knows them by the beginning of the key).

const key = (account: string) => `making:${account}:wave`;

/** Returns what is kept; "" where nothing is, or this browser keeps nothing. */
export function keptWords(account: string): string {
  try {
    return localStorage.getItem(key(account)) ?? "";
  } catch {
    return "";
  }
}

export function keepWords(account: string, text: string): void {
  try {
    if (text) localStorage.setItem(key(account), text);
    else localStorage.removeItem(key(account));
  } catch {
    // A browser that keeps nothing has them as long as the page stands.
  }
}

// What somebody has entered of a poll and not sent yet, kept in this browser until they send it, throw it away, or sign out.

import type { Entry } from "./entry";

const PREFIX = "making:";

/** Where an entry is kept: one for a new poll, one for each poll that is edited. `tag` is of what is edited. */
export type Place = { account: string; poll: string; tag: string };

const key = ({ account, poll }: Place) => `${PREFIX}${account}:${poll}`;

/** Returns what is kept there; null if nothing is, or if the poll is another one by now. */
export function kept(place: Place): Entry | null {
  try {
    const found = JSON.parse(localStorage.getItem(key(place)) ?? "null") as { tag: string; entry: Entry } | null;
    return found?.tag === place.tag ? found.entry : null;
  } catch {
    return null; // another release wrote it, or this browser keeps nothing
  }
}

/** Says whether it is kept now: a browser may have no room for it, or be told to keep nothing. */
export function keep(place: Place, entry: Entry): boolean {
  try {
    localStorage.setItem(key(place), JSON.stringify({ tag: place.tag, entry }));
    return true;
  } catch {
    return false;
  }
}

export function drop(place: Place): void {
  localStorage.removeItem(key(place));
}

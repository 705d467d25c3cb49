// Times in the reader's own zone, which is named, since the one who made a poll may live in another.

const moments = new Intl.DateTimeFormat("en", {
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
  timeZoneName: "short",
});

/** A moment, such as "Nov 29, 2026, 18:00 GMT+1". */
export const moment = (at: string): string => moments.format(new Date(at));

/** The reader's zone, such as "Eastern European Standard Time (Europe/Riga)". */
export function zone(at = new Date()): string {
  const name = new Intl.DateTimeFormat("en", { timeZoneName: "long" }).formatToParts(at).find((part) => part.type === "timeZoneName");
  const id = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return name && name.value !== id ? `${name.value} (${id})` : id;
}

/** A moment as a field for date and time has it, in the reader's zone. */
export function localOf(at: string | null): string {
  if (!at) return "";
  const date = new Date(at);
  return new Date(date.getTime() - 60_000 * date.getTimezoneOffset()).toISOString().slice(0, 16);
}

/** The moment that such a field names; null where it names none. */
export function momentOf(local: string): string | null {
  const date = new Date(local);
  return local && !Number.isNaN(date.getTime()) ? date.toISOString() : null;
}

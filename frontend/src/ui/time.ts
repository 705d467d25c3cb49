// Times in the reader's own zone, which is named, since the one who made a poll may live in another.

import { i18n } from "@lingui/core";
import { perLocale } from "../words/format";

const MOMENT = {
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
  timeZoneName: "short",
} as const;
const moments = perLocale((locale) => new Intl.DateTimeFormat(locale, MOMENT));
const days = perLocale((locale) => new Intl.DateTimeFormat(locale, { dateStyle: "medium" }));
const weekdays = perLocale((locale) => new Intl.DateTimeFormat(locale, { dateStyle: "full" }));
const clocks = perLocale((locale) => new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }));

/** A moment, such as "Nov 29, 2026, 18:00 GMT+1". */
export const moment = (at: string): string => moments().format(new Date(at));

/**
 * What clocks in another zone show then: "17:00", or "Nov 30, 2026, 01:00" where it is another day there. Null where they
 * show the same as the reader's, and for a zone that this browser doesn't know.
 */
export function elsewhere(at: string, zone: string | null | undefined): string | null {
  if (!zone) return null;
  const date = new Date(at);
  try {
    const in_ = (timeZone?: string) => {
      const options = { day: "numeric", month: "short", year: "numeric", ...(timeZone && { timeZone }) } as const;
      const time = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...(timeZone && { timeZone }) } as const;
      return [new Intl.DateTimeFormat(i18n.locale, options).format(date), new Intl.DateTimeFormat(i18n.locale, time).format(date)];
    };
    const [day, clock] = in_(zone);
    const [myDay, myClock] = in_();
    if (day !== myDay) return `${day}, ${clock}`;
    return clock === myClock ? null : (clock ?? null);
  } catch {
    return null;
  }
}

/** The reader's zone, by its name in the IANA database. */
export const zoneId = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** A day, such as "Nov 29, 2026". */
export const day = (at: string): string => days().format(new Date(at));

/** A day, such as "Sunday, November 29, 2026". */
export const weekday = (at: string): string => weekdays().format(new Date(at));

/** A time of day, such as "18:00". */
export const clock = (at: string): string => clocks().format(new Date(at));

/** The reader's zone, such as "Eastern European Standard Time (Europe/Riga)". */
export function zone(at = new Date()): string {
  const name = new Intl.DateTimeFormat(i18n.locale, { timeZoneName: "long" }).formatToParts(at).find((part) => part.type === "timeZoneName");
  const id = zoneId();
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

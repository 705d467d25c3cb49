// Numbers and lists as the reader's language writes them.

import { i18n } from "@lingui/core";

/** Makes one formatter a language, since making one takes long. */
export function perLocale<T>(make: (locale: string) => T): () => T {
  const made = new Map<string, T>();
  return () => {
    const held = made.get(i18n.locale);
    if (held) return held;
    const fresh = make(i18n.locale);
    made.set(i18n.locale, fresh);
    return fresh;
  };
}

const lists = perLocale((locale) => new Intl.ListFormat(locale));
const numbers = perLocale((locale) => new Intl.NumberFormat(locale, { maximumFractionDigits: 2 }));
const shares = perLocale((locale) => new Intl.NumberFormat(locale, { style: "percent" }));

/** "Ada, Bo, and Cy". */
export const listed = (items: string[]): string => lists().format(items);

/** To two places: "1,234.5". */
export const number = (value: number): string => numbers().format(value);

/** A part of 1 as "45%". */
export const percent = (share: number): string => shares().format(share);

// Which language the pages speak: the one that goes with the reader's account (words/account.ts), else the one that was
// chosen in this browser, else the first of the browser's own that there is. English stands in the pages themselves;
// another language is loaded as a whole before anything is shown.

import { i18n } from "@lingui/core";

/** Each language by its own name. */
export const locales = { en: "English", de: "Deutsch" };
export type Locale = keyof typeof locales;

const CHOSEN = "votewave.language";
const ACCOUNTS = "votewave.account.language"; // of the one who is signed in; gone when they sign out (session/session.ts)

const isLocale = (tag: string | null | undefined): tag is Locale => !!tag && Object.hasOwn(locales, tag);

/** The language of ours that a tag means: `de` of `de-AT`. */
export const localeOf = (tag: string | null): Locale | null => [tag?.split("-")[0]].find(isLocale) ?? null;

/** What was chosen in this browser, if anything was. */
export const chosen = (): Locale | null => localeOf(localStorage.getItem(CHOSEN));

/** The language to begin with. */
export function preferred(): Locale {
  return localeOf(localStorage.getItem(ACCOUNTS)) ?? chosen() ?? unsaid();
}

/** The language of whoever has said nothing: what the browser asks for documents in. */
const unsaid = (): Locale => navigator.languages.map(localeOf).find((locale) => locale !== null) ?? "en";

async function messagesOf(locale: Locale) {
  switch (locale) {
    case "de":
      return (await import("../locales/de.po")).messages;
    case "en":
      return {};
  }
}

/** Speaks a language from now on. If it can't be loaded, it stays the one before, and the promise fails. */
export async function speak(locale: Locale): Promise<void> {
  i18n.loadAndActivate({ locale, messages: await messagesOf(locale) });
  document.documentElement.lang = locale;
  // For the documents of the next pages, which have words in them, too (services/web/documents.py).
  const seconds = locale === unsaid() ? 0 : 31_536_000;
  document.cookie = `votewave.language=${locale}; path=/; max-age=${seconds}; samesite=lax`;
}

/** Speaks a language, also when this browser comes again. */
export async function choose(locale: Locale): Promise<void> {
  await speak(locale);
  localStorage.removeItem(ACCOUNTS);
  localStorage.setItem(CHOSEN, locale);
}

/** Speaks the language of the one who is signed in, as long as they are; without one that is ours, this browser's. */
export async function follow(tag: string | null): Promise<void> {
  const locale = localeOf(tag);
  if (locale) localStorage.setItem(ACCOUNTS, locale);
  else localStorage.removeItem(ACCOUNTS);
  const wanted = preferred();
  if (wanted !== i18n.locale) await speak(wanted);
}

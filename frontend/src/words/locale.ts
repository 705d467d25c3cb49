// Which language the pages speak: the one that was chosen in this browser, else the first of the browser's own that
// there is. English stands in the pages themselves; another language is loaded as a whole before anything is shown.

import { i18n } from "@lingui/core";

/** Each language by its own name. */
export const locales = { en: "English", de: "Deutsch" };
export type Locale = keyof typeof locales;

const CHOSEN = "votewave.language";

const isLocale = (tag: string | null | undefined): tag is Locale => !!tag && Object.hasOwn(locales, tag);

/** The language to begin with. */
export function preferred(): Locale {
  const chosen = localStorage.getItem(CHOSEN);
  if (isLocale(chosen)) return chosen;
  return navigator.languages.map((tag) => tag.split("-")[0]).find(isLocale) ?? "en";
}

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
}

/** Speaks a language, also when this browser comes again. */
export async function choose(locale: Locale): Promise<void> {
  await speak(locale);
  localStorage.setItem(CHOSEN, locale);
}

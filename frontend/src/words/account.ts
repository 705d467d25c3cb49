// The language that goes with an account: chosen once, spoken wherever its owner signs in.

import { api, given } from "../api/client";
import { session } from "../session/session";
import { choose, chosen, follow, type Locale } from "./locale";

const PATH = "/v1/profiles/me/preferences";

/** What the account has chosen, as a tag; null for what each browser has. */
export const language = async (): Promise<string | null> => given(await api.GET(PATH)).language;

/** Keeps with the account which language it wants, as a tag; null for what each browser has. */
export const keepLanguage = async (tag: string | null): Promise<string | null> =>
  given(await api.PATCH(PATH, { body: { language: tag } })).language;

/** Speaks a language from now on, for whoever is here: with their account, if they have one. */
export async function speakFromNowOn(locale: Locale): Promise<void> {
  if (session.account?.kind === "user") await follow(await keepLanguage(locale)); // if it can't be kept, nothing changes
  else await choose(locale);
}

/** Speaks the language of the account that has just signed in. */
export async function takeUp(): Promise<void> {
  await follow(await language());
}

/** Keeps with a new account what was chosen in this browser before. */
export async function handOver(): Promise<void> {
  const locale = chosen();
  if (locale) await follow(await keepLanguage(locale));
}

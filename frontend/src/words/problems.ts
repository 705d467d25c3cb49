// What the API refuses, by its problem's type (docs/api/README.md). In English the API's own words are shown, which say
// more of the case; another language has these, and the API's words where a type or a field isn't among them.

import { i18n } from "@lingui/core";
import { msg, t } from "@lingui/core/macro";
import type { ProblemDocument } from "../api/problem";

const types = {
  "already-done": msg`This was done already.`,
  "bad-ballot-token": msg`This voting token isn't one of this poll's, or a newer one replaced it.`,
  "bad-cursor": msg`This list can't be gone on with. Load the page again.`,
  "bad-link": msg`This link isn't valid, or isn't for this.`,
  "bad-ticket": msg`The connection wasn't let in. Load the page again.`,
  "bad-token": msg`You aren't signed in any more. Sign in again.`,
  "ballot-token-needed": msg`In this poll one votes by the link of an invitation.`,
  closed: msg`It is over.`,
  "expired-token": msg`You aren't signed in any more. Sign in again.`,
  "follow-needed": msg`Only those who follow the poll's owner vote in it.`,
  forbidden: msg`You may not do this.`,
  "foreign-page": msg`Another site's page can't do this.`,
  "guest-refused": msg`This takes an account. Sign in, or sign up.`,
  "idempotency-key-used": msg`This was sent before, with something else in it. Load the page again.`,
  "image-used": msg`A picture has to be sent again.`,
  internal: msg`Something went wrong at VoteWave. Try again; if it stays so, tell us the trace id.`,
  "link-over": msg`This link was used, or has expired. Ask for a new one.`,
  "malformed-request": msg`Something in it can't be taken as it is.`,
  "missing-scope": msg`This key may not do this.`,
  "not-a-host": msg`Only the room's hosts can do this.`,
  "not-found": msg`It isn't there, or you may not see it.`,
  "not-open": msg`Voting hasn't begun yet.`,
  "not-the-owner": msg`Only its owner can do this.`,
  "over-quota": msg`There is no room for more of these. Delete some first, or try again later.`,
  "poll-refused": msg`The poll can't be taken as it is.`,
  "private-account": msg`Only those who follow it see this list.`,
  "question-changed": msg`The question was changed meanwhile. Load the page again, read it, and cast your ballot then.`,
  "results-hidden": msg`The results are hidden.`,
  "session-ended": msg`This session has ended. Sign in again.`,
  stale: msg`It was changed meanwhile. Load the page again.`,
  "too-large": msg`That is too large.`,
  "too-many-requests": msg`That was often. Wait a moment, then try again.`,
  "too-slow": msg`Sending took too long. Try again.`,
  unauthenticated: msg`You aren't signed in. Sign in first.`,
  unavailable: msg`VoteWave has too much to do right now. Try again in a moment.`,
  "wrong-credentials": msg`E-mail address or password is wrong.`,
  "wrong-password": msg`The password is wrong.`,
};

/** Why something was refused, in the reader's language. */
export function refusal({ slug, detail }: { slug: string; detail: string }): string {
  if (i18n.locale === "en") return detail;
  return Object.hasOwn(types, slug) ? i18n._(types[slug as keyof typeof types]) : detail;
}

/** What is wrong with a field: its limits, as far as they say it. */
export function wrong(error: NonNullable<ProblemDocument["errors"]>[number]): string {
  if (i18n.locale === "en") return error.message;
  const { minimum, maximum, min_length: least, max_length: most } = error;
  if (typeof minimum === "number" && typeof maximum === "number") return t`From ${minimum} to ${maximum}.`;
  if (least && most) return t`It has to be ${least} to ${most} long.`;
  if (most) return t`It may be ${most} long at most.`;
  return error.message;
}

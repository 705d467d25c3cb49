// What a list says of a poll, in a few words.

import { i18n, type MessageDescriptor } from "@lingui/core";
import { msg, plural, t } from "@lingui/core/macro";
import type { Poll, Schemas } from "../api/client";
import { perLocale } from "../words/format";
import { day } from "../ui/time";

type Card = Schemas["VotingCard"];

const states: Record<Card["status"], MessageDescriptor> = {
  scheduled: msg`Voting hasn't begun`,
  live: msg`Open`,
  final: msg`Voting is over`,
};

const stages: Record<Poll["status"], MessageDescriptor> = {
  draft: msg`draft`,
  scheduled: msg`scheduled`,
  open: msg`open`,
  closed: msg`closed`,
  archived: msg`archived`,
};

/** How far a poll is, in a word. */
export const stateOf = (status: Poll["status"]): string => i18n._(stages[status]);

export function standingOf(card: Card): string[] {
  const said = [i18n._(states[card.status])];
  if (card.counts) said.push(plural(card.counts.ballots, { one: "# vote", other: "# votes" }));
  else if (!card.results.may && card.status === "live") said.push(t`result hidden for now`);
  if (card.vote.has_voted) said.push(t`you have voted`);
  return said;
}

const relative = perLocale((locale) => new Intl.RelativeTimeFormat(locale, { numeric: "always" }));

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ["minute", 60],
  ["hour", 3600],
  ["day", 86_400],
];

/** "5 minutes ago"; a date once it is a week old. */
export function ago(at: string, now = Date.now()): string {
  const seconds = Math.max(0, (now - Date.parse(at)) / 1000);
  if (seconds < 60) return t`just now`;
  if (seconds >= 7 * 86_400) return day(at);
  const [unit, length] = steps.findLast(([, step]) => seconds >= step) ?? ["minute", 60];
  return relative().format(-Math.floor(seconds / length), unit);
}

// What a list says of a poll, in a few words.

import type { Schemas } from "../api/client";

type Card = Schemas["VotingCard"];

const states: Record<Card["status"], string> = {
  scheduled: "Voting hasn't begun",
  live: "Open",
  final: "Voting is over",
};

export function standingOf(card: Card): string[] {
  const said = [states[card.status]];
  if (card.counts) said.push(card.counts.ballots === 1 ? "1 vote" : `${card.counts.ballots} votes`);
  else if (!card.results.may && card.status === "live") said.push("result hidden for now");
  if (card.vote.has_voted) said.push("you have voted");
  return said;
}

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ["minute", 60],
  ["hour", 3600],
  ["day", 86_400],
];

/** "5 minutes ago"; a date once it is a week old. */
export function ago(at: string, now = Date.now()): string {
  const seconds = Math.max(0, (now - Date.parse(at)) / 1000);
  if (seconds < 60) return "just now";
  if (seconds >= 7 * 86_400) return new Date(at).toLocaleDateString("en", { dateStyle: "medium" });
  const [unit, length] = steps.findLast(([, step]) => seconds >= step) ?? ["minute", 60];
  return new Intl.RelativeTimeFormat("en", { numeric: "always" }).format(-Math.floor(seconds / length), unit);
}

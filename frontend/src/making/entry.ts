// What the form for a poll holds, and what of it is sent: all of a new poll, of an old one only what was changed.

import type { Poll, Schemas } from "../api/client";
import type { Method } from "../ballots/rules";
import { zoneId } from "../ui/time";
import { plain } from "./methods";

export type OptionEntry = { key: string; id?: number; label: string; description: string; link: string };
export type Rules = Omit<Schemas["RulesNew"], "withdraw"> & { withdraw?: boolean | null };

export type Entry = {
  title: string;
  description: string;
  method: Method;
  options: OptionEntry[];
  random_order: boolean;
  rules: Rules;
  opens_at: string | null;
  closes_at: string | null;
};

export const blankOption = (): OptionEntry => ({ key: crypto.randomUUID(), label: "", description: "", link: "" });

export const blankEntry = (): Entry => ({
  title: "",
  description: "",
  method: plain("approval"),
  options: [blankOption(), blankOption()],
  random_order: false,
  rules: { eligibility: "anyone", results: "always", listing: "unlisted", anonymous: false, change: true, abstain: false },
  opens_at: null,
  closes_at: null,
});

export const entryOf = (poll: Poll): Entry => ({
  title: poll.title,
  description: poll.description,
  method: poll.method,
  options: poll.options.map(({ id, label, description, link }) => ({ key: String(id), id, label, description, link: link ?? "" })),
  random_order: poll.random_order,
  rules: poll.rules,
  opens_at: poll.opens_at,
  closes_at: poll.closes_at,
});

const written = (options: OptionEntry[]) => options.filter((option) => option.id !== undefined || option.label.trim());

export function newOf(entry: Entry, publish: boolean): Schemas["PollNew"] {
  return {
    title: entry.title,
    description: entry.description,
    method: entry.method,
    options: written(entry.options).map(({ label, description, link }) => ({
      label: label.trim(),
      description,
      link: link.trim() || null,
    })),
    random_order: entry.random_order,
    rules: entry.rules,
    opens_at: entry.opens_at,
    closes_at: entry.closes_at,
    ...((entry.opens_at || entry.closes_at) && { time_zone: zoneId() }),
    publish,
  };
}

const same = (one: unknown, two: unknown) => JSON.stringify(one) === JSON.stringify(two);

/** What was changed since `before`; nothing else, since what is locked may not be sent. */
export function editOf(before: Entry, entry: Entry): Schemas["PollEdit"] {
  const edit: Schemas["PollEdit"] = {};
  if (entry.title !== before.title) edit.title = entry.title;
  if (entry.description !== before.description) edit.description = entry.description;
  if (!same(entry.method, before.method)) edit.method = entry.method;
  if (!same(entry.options, before.options)) {
    edit.options = written(entry.options).map(({ id, label, description, link }) => ({
      ...(id !== undefined && { id }),
      label: label.trim(),
      description,
      link: link.trim() || null,
    }));
  }
  if (entry.random_order !== before.random_order) edit.random_order = entry.random_order;
  if (entry.opens_at !== before.opens_at) edit.opens_at = entry.opens_at;
  if (entry.closes_at !== before.closes_at) edit.closes_at = entry.closes_at;
  if (edit.opens_at || edit.closes_at) edit.time_zone = zoneId();
  const rules = Object.entries(entry.rules).filter(([name, value]) => !same(value, before.rules[name as keyof Rules]));
  if (rules.length) edit.rules = Object.fromEntries(rules);
  return edit;
}

// What a notification says.

import { i18n, type MessageDescriptor } from "@lingui/core";
import { msg, plural, t } from "@lingui/core/macro";
import type { Schemas } from "../api/client";
import { nameOf } from "../people/Person";
import { listed } from "../words/format";

export type Told = Schemas["NotificationView"];

/** "Ada, Bo and 11 others": 100 stands for more than can be counted. */
export function who({ people, people_count: count }: Told): string {
  const names = people.map(nameOf);
  if (names.length === 0) return t`Somebody`;
  const rest = count - names.length;
  if (rest <= 0) return listed(names);
  const first = names.slice(0, 2).join(", ");
  if (count >= 100) return t`${first} and many others`;
  return plural(count - Math.min(2, names.length), { one: `${first} and # other`, other: `${first} and # others` });
}

export function what(one: Told): string | null {
  const { text, poll_title: poll } = one.subject;
  const people = who(one);
  switch (one.kind) {
    case "follow":
      return plural(one.people_count, { one: `${people} follows you`, other: `${people} follow you` });
    case "follow_request":
      return plural(one.people_count, { one: `${people} asks to follow you`, other: `${people} ask to follow you` });
    case "mention":
      return plural(one.people_count, { one: `${people} named you: ${text}`, other: `${people} named you: ${text}` });
    case "reaction":
      return plural(one.people_count, { one: `${people} reacted to your Wave: ${text}`, other: `${people} reacted to your Wave: ${text}` });
    case "ripple":
      return plural(one.people_count, { one: `${people} shared your Wave on: ${text}`, other: `${people} shared your Wave on: ${text}` });
    case "comment":
      return plural(one.people_count, { one: `${people} commented on your poll: ${text}`, other: `${people} commented on your poll: ${text}` });
    case "reply":
      return plural(one.people_count, { one: `${people} answered you in “${poll}”: ${text}`, other: `${people} answered you in “${poll}”: ${text}` });
    case "thread":
      return plural(one.people_count, { one: `${people} commented on “${text}”, whose comments you follow`, other: `${people} commented on “${text}”, whose comments you follow` });
    case "moderation":
      return one.subject.type === "wave" ? t`A Wave of yours was hidden: ${text}` : t`A comment of yours in “${poll}” was hidden: ${text}`;
    case "restored":
      return one.subject.type === "wave" ? t`A Wave of yours that was hidden is shown again: ${text}` : t`A comment of yours in “${poll}” that was hidden is shown again: ${text}`;
    case "poll_opened":
      return t`Voting has begun: ${text}`;
    case "poll_closing":
      return t`Voting ends soon: ${text}`;
    case "poll_closed":
      return t`Voting is over: ${text}`;
    case "message":
      return plural(one.people_count, { one: `${people} wrote to you`, other: `${people} wrote to you` });
    case "message_request":
      return plural(one.people_count, { one: `${people} would like to write to you`, other: `${people} would like to write to you` });
    default:
      return null; // a kind to come
  }
}

const kinds: Record<string, MessageDescriptor> = {
  follow: msg`Somebody follows me`,
  follow_request: msg`Somebody asks to follow me`,
  mention: msg`A Wave or a comment names me`,
  reaction: msg`Somebody reacts to a Wave of mine`,
  ripple: msg`Somebody shares a Wave of mine on`,
  comment: msg`Somebody comments on a poll of mine`,
  reply: msg`Somebody answers a comment of mine`,
  thread: msg`Somebody comments where I follow the comments`,
  moderation: msg`A comment or a Wave of mine is hidden`,
  restored: msg`A comment or a Wave of mine that was hidden is shown again`,
  poll_opened: msg`Voting begins in a poll that I watch`,
  poll_closing: msg`Voting ends soon in a poll that I watch`,
  poll_closed: msg`Voting ends in a poll that I watch, or in mine`,
  message: msg`Somebody writes to me`,
  message_request: msg`Somebody whom I don't follow would like to write to me`,
};

/** What a kind of notification is told of; its own name where it is a kind to come. */
export function nameOfKind(kind: string): string {
  const said = kinds[kind];
  return said ? i18n._(said) : kind;
}

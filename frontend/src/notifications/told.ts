// What a notification says.

import type { Schemas } from "../api/client";
import { nameOf } from "../people/Person";

export type Told = Schemas["NotificationView"];

/** "Ada, Bo and 11 others": 100 stands for more than can be counted. */
export function who({ people, people_count: count }: Told): string {
  const names = people.map(nameOf);
  if (names.length === 0) return "Somebody";
  const rest = count - names.length;
  if (rest <= 0) return new Intl.ListFormat("en").format(names);
  return `${names.slice(0, 2).join(", ")} and ${count >= 100 ? "many others" : `${count - Math.min(2, names.length)} others`}`;
}

export function what(one: Told): string | null {
  const { text, poll_title: poll } = one.subject;
  switch (one.kind) {
    case "follow":
      return `${who(one)} ${one.people_count > 1 ? "follow" : "follows"} you`;
    case "follow_request":
      return `${who(one)} ${one.people_count > 1 ? "ask" : "asks"} to follow you`;
    case "mention":
      return `${who(one)} named you: ${text}`;
    case "reaction":
      return `${who(one)} reacted to your Wave: ${text}`;
    case "ripple":
      return `${who(one)} shared your Wave on: ${text}`;
    case "comment":
      return `${who(one)} commented on your poll: ${text}`;
    case "reply":
      return `${who(one)} answered you in “${poll}”: ${text}`;
    case "thread":
      return `${who(one)} commented on “${text}”, whose comments you follow`;
    case "moderation":
      return `A comment of yours in “${poll}” was hidden: ${text}`;
    case "poll_opened":
      return `Voting has begun: ${text}`;
    case "poll_closed":
      return `Voting is over: ${text}`;
    case "message":
      return `${who(one)} wrote to you`;
    case "message_request":
      return `${who(one)} would like to write to you`;
    default:
      return null; // a kind to come
  }
}

export const kinds: Record<string, string> = {
  follow: "Somebody follows me",
  follow_request: "Somebody asks to follow me",
  mention: "A Wave or a comment names me",
  reaction: "Somebody reacts to a Wave of mine",
  ripple: "Somebody shares a Wave of mine on",
  comment: "Somebody comments on a poll of mine",
  reply: "Somebody answers a comment of mine",
  thread: "Somebody comments where I follow the comments",
  moderation: "A comment of mine is hidden",
  poll_opened: "Voting begins in a poll that I watch",
  poll_closed: "Voting ends in a poll that I watch, or in mine",
  message: "Somebody writes to me",
  message_request: "Somebody whom I don't follow would like to write to me",
};

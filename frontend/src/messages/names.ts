import { t } from "@lingui/core/macro";
import { nameOf } from "../people/Person";
import type { Conversation } from "./inbox";
import type { Message } from "./talk";

/** What a conversation is called: a group's title, or the other one's name. */
export function titleOf({ title, other }: Pick<Conversation, "title" | "other">): string {
  return other ? nameOf(other) : title;
}

/** What a message says in a line. */
export function lineOf(message: Pick<Message, "deleted" | "text" | "attachments">): string {
  if (message.deleted) return t`A deleted message`;
  const [first] = message.attachments;
  if (message.text || !first) return message.text ?? "";
  return first.type === "image" ? first.description || t`A picture` : first.name;
}

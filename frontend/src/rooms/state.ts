// A room as it is for the one who looks, and what each message of its live stream makes of it (docs/api/rooms.md).

import type { Poll, Schemas } from "../api/client";
import type { Delta, Snapshot } from "../live/connection";

export type Room = Schemas["RoomSnapshot"];
export type Question = Schemas["AskedQuestion"];
export type Change = Schemas["RoomChange"];
type Part = Change["part"];

export type Message = Snapshot<Room> | Delta<Change>;

/** Applies a message; null if one before it was missed, so that everything has to be asked for again. */
export function apply(room: Room, message: Message): Room | null {
  // What I did myself isn't in the stream: it is as it was read.
  if (message.type === "snapshot") return { ...message.state, mine: room.mine };
  if (message.prev !== room.seq) return null;
  return { ...message.events.reduce((after, { part }) => put(after, part), room), seq: message.seq };
}

function put(room: Room, part: Part): Room {
  const others = (id: string) => room.questions.filter((question) => question.id !== id);
  switch (part.type) {
    case "question":
      return { ...room, questions: inOrder([...others(part.id), part]) };
    case "question_gone":
      return { ...room, questions: others(part.id) };
    case "votes":
      return {
        ...room,
        questions: inOrder(room.questions.map((each) => (each.id === part.question ? { ...each, votes: part.votes } : each))),
      };
    case "same":
      return room;
    default:
      return { ...room, [part.type]: part };
  }
}

/** Pinned ones first, then those with the most votes, then the earliest. */
function inOrder(questions: Question[]): Question[] {
  return questions.sort(
    (one, two) =>
      Number(two.pinned) - Number(one.pinned) ||
      (two.votes ?? 0) - (one.votes ?? 0) ||
      Date.parse(one.asked_at) - Date.parse(two.asked_at) ||
      (one.id < two.id ? -1 : 1),
  );
}

/** A code as it is read out: in two groups. */
export function grouped(code: string): string {
  return `${code.slice(0, 4)} ${code.slice(4)}`;
}

/** What is shown of the poll on stage while it is read anew; never another poll. */
export function still(id: string | null | undefined): (before: Poll | undefined) => Poll | undefined {
  return (before) => (before?.id === id ? before : undefined);
}

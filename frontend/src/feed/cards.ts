import { useQuery } from "@tanstack/react-query";
import type { Schemas } from "../api/client";
import { useAccount } from "../session/session";
import type { Wave } from "../waves/cache";
import { cardsOf } from "./reading";

export type Cards = Map<string, Schemas["VotingCard"]>;

/** How some polls stand, asked for all of them at once. */
export function useCards(polls: string[]): Cards {
  const account = useAccount();
  const cards = useQuery(cardsOf(polls, account?.id));
  return new Map(cards.data?.map((card) => [card.poll, card]));
}

/** The polls that some Waves are about, each once. */
export function pollsOf(waves: Wave[]): string[] {
  const polls = waves.flatMap((wave) => [wave.poll, wave.original?.poll]).filter((poll) => typeof poll === "string");
  return [...new Set(polls)];
}

import { useQuery } from "@tanstack/react-query";
import { api, given, type Schemas } from "../api/client";
import { useAccount } from "../session/session";

export type Cards = Map<string, Schemas["VotingCard"]>;

/** How some polls stand, asked for all of them at once. */
export function useCards(polls: string[]): Cards {
  const account = useAccount();
  const cards = useQuery({
    queryKey: ["cards", account?.id, polls],
    queryFn: async () => given(await api.POST("/v1/votebooth/polls/batch", { body: { polls } })).items,
    enabled: polls.length > 0,
  });
  return new Map(cards.data?.map((card) => [card.poll, card]));
}

/** The polls that some Waves are about, each once. */
export function pollsOf(waves: Schemas["WaveView"][]): string[] {
  const polls = waves.flatMap((wave) => [wave.poll, wave.original?.poll]).filter((poll) => typeof poll === "string");
  return [...new Set(polls)];
}

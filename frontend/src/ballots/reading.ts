// What a poll's page reads first: it may be there before the page is drawn (main.tsx), and isn't asked for again then.

import { queryOptions } from "@tanstack/react-query";
import { api, given } from "../api/client";
import { votingToken } from "./secrets";

const FRESH_MS = 5_000;
const AGAIN_MS = 1_000;
const MOST_TRIES = 20;

/** A poll, by what its link says. */
export const pollBy = (code: string) =>
  queryOptions({
    queryKey: ["poll", code],
    queryFn: async () => given(await api.GET("/v1/polls/by-code/{code}", { params: { path: { code } } })),
    staleTime: FRESH_MS,
  });

/** How a poll stands for this reader. */
export const cardOf = (poll: string, account: string | undefined) =>
  queryOptions({
    queryKey: ["poll", poll, "card", account],
    queryFn: async () => {
      const token = votingToken(poll);
      const body = { polls: [poll], ...(token ? { tokens: { [poll]: token } } : {}) };
      return given(await api.POST("/v1/votebooth/polls/batch", { body })).items[0] ?? null;
    },
    staleTime: FRESH_MS,
    // A moment after a poll is published, VoteBooth may not have heard of it.
    refetchInterval: ({ state }) => (state.data === null && state.dataUpdateCount < MOST_TRIES ? AGAIN_MS : false),
  });

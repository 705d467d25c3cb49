// How others and I stand to each other, asked for a page of people at once, and what changes it.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, given, type Schemas } from "../api/client";
import { useAccount } from "../session/session";

export type Relation = Schemas["RelationView"];
export type Act = "follow" | "unfollow" | "block" | "unblock" | "mute" | "unmute" | "accept" | "decline" | "remove";

export const RELATIONS = "relations"; // every query that holds relations begins with it

/** For up to 100 people. Whoever blocks me is left out, as if they weren't there. */
export function useRelations(people: string[]) {
  const account = useAccount();
  const asked = people.filter((person) => person !== account?.id);
  return useQuery({
    queryKey: [RELATIONS, account?.id, asked],
    queryFn: async () => given(await api.POST("/v1/follows/people/batch", { body: { people: asked } })).items,
    enabled: account?.kind === "user" && asked.length > 0,
  });
}

async function done(person: string, act: Act): Promise<void> {
  const params = { path: { account: person } };
  switch (act) {
    case "follow":
      return void given(await api.PUT("/v1/follows/people/{account}", { params }));
    case "unfollow":
      return void given(await api.DELETE("/v1/follows/people/{account}", { params }));
    case "block":
      return void given(await api.PUT("/v1/follows/blocks/{account}", { params }));
    case "unblock":
      return void given(await api.DELETE("/v1/follows/blocks/{account}", { params }));
    case "mute":
      return void given(await api.PUT("/v1/follows/mutes/{account}", { params }));
    case "unmute":
      return void given(await api.DELETE("/v1/follows/mutes/{account}", { params }));
    case "accept":
      return void given(await api.PUT("/v1/follows/requests/{account}", { params }));
    case "decline":
      return void given(await api.DELETE("/v1/follows/requests/{account}", { params }));
    case "remove":
      return void given(await api.DELETE("/v1/follows/followers/{account}", { params }));
  }
}

/** Does something about somebody; whatever shows it is read again, also what is seen of them elsewhere. */
export function useAct(person: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (act: Act) => done(person, act),
    onSettled: () =>
      Promise.all(
        [[RELATIONS], ["people"], ["feed"], ["search"]].map((queryKey) => queries.invalidateQueries({ queryKey })),
      ),
  });
}

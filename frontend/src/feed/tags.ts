// Tags that I follow, and what changes that.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, given } from "../api/client";
import { useAccount } from "../session/session";

const FOLLOWED = "followed tags"; // every query that says which tags are followed begins with it

export function useTag(tag: string) {
  const account = useAccount();
  return useQuery({
    queryKey: [FOLLOWED, "one", account?.id, tag],
    queryFn: async () => given(await api.GET("/v1/follows/tags/{tag}", { params: { path: { tag } } })),
    enabled: account?.kind === "user",
  });
}

export function useMyTags() {
  const account = useAccount();
  return useQuery({
    queryKey: [FOLLOWED, "all", account?.id],
    queryFn: async () => given(await api.GET("/v1/follows/tags", { params: { query: { limit: 100 } } })).items,
    enabled: account?.kind === "user",
  });
}

export function useFollowTag(tag: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (follow: boolean) => {
      const params = { path: { tag } };
      if (follow) given(await api.PUT("/v1/follows/tags/{tag}", { params }));
      else given(await api.DELETE("/v1/follows/tags/{tag}", { params }));
    },
    onSettled: () =>
      Promise.all([[FOLLOWED], ["feed"]].map((queryKey) => queries.invalidateQueries({ queryKey }))),
  });
}

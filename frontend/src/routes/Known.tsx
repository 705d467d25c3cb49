import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { api, given } from "../api/client";
import { PageOf, People } from "../people/People";
import type { Act } from "../people/relations";
import { useAccount } from "../session/session";
import { Notice, ProblemNotice } from "../ui/Notice";
import { Page } from "../ui/Page";
import { Tab, Tabs } from "../ui/Tabs";

type Query = { params: { query: { cursor: string | undefined } } };

type Kind = { label: string; empty: ReactNode; acts: [Act, string][]; read: (query: Query) => ReturnType<typeof asking> };

const asking = async (query: Query) => given(await api.GET("/v1/follows/requests", query));

const kinds: Record<"requests" | "sent" | "mutes" | "blocks", Kind> = {
  requests: {
    label: "Requests",
    empty: "Nobody waits for your answer. Only who wants to follow a private account has to ask.",
    acts: [
      ["accept", "Accept"],
      ["decline", "Decline"],
    ],
    read: asking,
  },
  sent: {
    label: "Sent",
    empty: "You wait for nobody's answer.",
    acts: [["unfollow", "Withdraw"]],
    read: async (query) => given(await api.GET("/v1/follows/requests/sent", query)),
  },
  mutes: {
    label: "Muted",
    empty: "You mute nobody. Muted people don't come up in your lists, and don't learn of it.",
    acts: [["unmute", "Unmute"]],
    read: async (query) => given(await api.GET("/v1/follows/mutes", query)),
  },
  blocks: {
    label: "Blocked",
    empty: "You block nobody. To those whom you block, you aren't there.",
    acts: [["unblock", "Unblock"]],
    read: async (query) => given(await api.GET("/v1/follows/blocks", query)),
  },
};

/** The people with whom I have to do: who asks me, whom I ask, whom I don't want to see, whom I may want to know. */
export function Known() {
  const { show = "requests" } = useSearch({ from: "/people" });
  const account = useAccount();
  if (account?.kind !== "user") {
    return (
      <Page title="People">
        <h1>People</h1>
        <Notice>
          <p>
            <Link to="/sign-in" search={{ then: "/people" }}>
              Sign in
            </Link>{" "}
            to see who asks to follow you.
          </p>
        </Notice>
      </Page>
    );
  }
  return (
    <Page title="People">
      <h1>People</h1>
      <Tabs label="Lists of people">
        <Tab to="/people" search={{}}>
          Requests
        </Tab>
        <Tab to="/people" search={{ show: "sent" }}>
          Sent
        </Tab>
        <Tab to="/people" search={{ show: "suggestions" }}>
          Suggestions
        </Tab>
        <Tab to="/people" search={{ show: "mutes" }}>
          Muted
        </Tab>
        <Tab to="/people" search={{ show: "blocks" }}>
          Blocked
        </Tab>
      </Tabs>
      {show === "suggestions" ? <Suggestions /> : <One key={show} show={show} />}
    </Page>
  );
}

function One({ show }: { show: keyof typeof kinds }) {
  const account = useAccount();
  const { read, ...kind } = kinds[show];
  const pages = useInfiniteQuery({
    queryKey: ["people", show, account?.id],
    queryFn: ({ pageParam: cursor }) => read({ params: { query: { cursor } } }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
  });
  return <People pages={pages} {...kind} />;
}

function Suggestions() {
  const account = useAccount();
  const found = useQuery({
    queryKey: ["people", "suggestions", account?.id],
    queryFn: async () => given(await api.GET("/v1/follows/suggestions")).items,
  });
  if (found.error) return <ProblemNotice error={found.error} />;
  if (!found.data) return null;
  return (
    <section aria-label="Suggestions">
      {found.data.length === 0 && <p>There is nobody to suggest yet. Find people by name in Explore.</p>}
      <ul>
        <PageOf people={found.data.map((one) => one.person)} />
      </ul>
    </section>
  );
}

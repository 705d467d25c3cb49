import { i18n, type MessageDescriptor } from "@lingui/core";
import { msg, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { api, given } from "../api/client";
import { PageOf, People } from "../people/People";
import type { Act } from "../people/relations";
import { useAccount } from "../session/session";
import { Notice, ProblemNotice } from "../ui/Notice";
import { Page } from "../ui/Page";
import { Tab, Tabs } from "../ui/Tabs";

type Query = { params: { query: { cursor: string | undefined } } };

type Kind = { label: MessageDescriptor; empty: MessageDescriptor; acts: [Act, MessageDescriptor][]; read: (query: Query) => ReturnType<typeof asking> };

const asking = async (query: Query) => given(await api.GET("/v1/follows/requests", query));

const kinds: Record<"requests" | "sent" | "mutes" | "blocks", Kind> = {
  requests: {
    label: msg`Requests`,
    empty: msg`Nobody waits for your answer. Only who wants to follow a private account has to ask.`,
    acts: [
      ["accept", msg`Accept`],
      ["decline", msg`Decline`],
    ],
    read: asking,
  },
  sent: {
    label: msg`Sent`,
    empty: msg`You wait for nobody's answer.`,
    acts: [["unfollow", msg`Withdraw`]],
    read: async (query) => given(await api.GET("/v1/follows/requests/sent", query)),
  },
  mutes: {
    label: msg`Muted`,
    empty: msg`You mute nobody. Muted people don't come up in your lists, and don't learn of it.`,
    acts: [["unmute", msg`Unmute`]],
    read: async (query) => given(await api.GET("/v1/follows/mutes", query)),
  },
  blocks: {
    label: msg`Blocked`,
    empty: msg`You block nobody. To those whom you block, you aren't there.`,
    acts: [["unblock", msg`Unblock`]],
    read: async (query) => given(await api.GET("/v1/follows/blocks", query)),
  },
};

/** The people with whom I have to do: who asks me, whom I ask, whom I don't want to see, whom I may want to know. */
export function Known() {
  const { show = "requests" } = useSearch({ from: "/people" });
  const account = useAccount();
  if (account?.kind !== "user") {
    return (
      <Page title={t`People`}>
        <h1><Trans>People</Trans></h1>
        <Notice>
          <p>
            <Trans><Link to="/sign-in" search={{ then: "/people" }}>
              Sign in
            </Link>{" "}
            to see who asks to follow you.</Trans>
          </p>
        </Notice>
      </Page>
    );
  }
  return (
    <Page title={t`People`}>
      <h1><Trans>People</Trans></h1>
      <Tabs label={t`Lists of people`}>
        <Tab to="/people" search={{}}>
          <Trans>Requests</Trans>
        </Tab>
        <Tab to="/people" search={{ show: "sent" }}>
          <Trans>Sent</Trans>
        </Tab>
        <Tab to="/people" search={{ show: "suggestions" }}>
          <Trans>Suggestions</Trans>
        </Tab>
        <Tab to="/people" search={{ show: "mutes" }}>
          <Trans>Muted</Trans>
        </Tab>
        <Tab to="/people" search={{ show: "blocks" }}>
          <Trans>Blocked</Trans>
        </Tab>
      </Tabs>
      {show === "suggestions" ? <Suggestions /> : <One key={show} show={show} />}
    </Page>
  );
}

function One({ show }: { show: keyof typeof kinds }) {
  const account = useAccount();
  const { read, label, empty, acts } = kinds[show];
  const pages = useInfiniteQuery({
    queryKey: ["people", show, account?.id],
    queryFn: ({ pageParam: cursor }) => read({ params: { query: { cursor } } }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
  });
  const said = acts.map(([act, name]): [Act, string] => [act, i18n._(name)]);
  return <People pages={pages} label={i18n._(label)} empty={i18n._(empty)} acts={said} />;
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
    <section aria-label={t`Suggestions`}>
      {found.data.length === 0 && <p><Trans>There is nobody to suggest yet. Find people by name in Explore.</Trans></p>}
      <ul>
        <PageOf people={found.data.map((one) => one.person)} />
      </ul>
    </section>
  );
}

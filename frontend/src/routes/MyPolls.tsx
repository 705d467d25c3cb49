import { i18n, type MessageDescriptor } from "@lingui/core";
import { msg, plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { api, given, type Schemas } from "../api/client";
import { Problem } from "../api/problem";
import { nameOf } from "../ballots/rules";
import entries from "../feed/Entries.module.css";
import { useAccount } from "../session/session";
import { Button } from "../ui/Button";
import { More } from "../ui/More";
import { Notice, ProblemNotice } from "../ui/Notice";
import { Page } from "../ui/Page";
import { Tab, Tabs } from "../ui/Tabs";
import { moment } from "../ui/time";
import styles from "./Share.module.css";

type Card = Schemas["PollCard"];

const lists: [Schemas["Status"] | undefined, MessageDescriptor, MessageDescriptor][] = [
  [undefined, msg`All`, msg`Here will be the polls that you make, drafts too.`],
  ["draft", msg`Drafts`, msg`Here will be what you save without publishing it.`],
  ["scheduled", msg`To come`, msg`Here will be polls that are published and begin later.`],
  ["open", msg`Open`, msg`Here will be polls that people are voting in.`],
  ["closed", msg`Closed`, msg`Here will be polls whose voting is over.`],
  ["archived", msg`Archive`, msg`Here will be closed polls that you have put away.`],
];

/** The polls that somebody has made, by how far they are. */
export function MyPolls() {
  const account = useAccount();
  const { show } = useSearch({ from: "/polls/mine" });
  return (
    <Page title={t`My polls`}>
      <h1><Trans>My polls</Trans></h1>
      {account?.kind === "user" ? (
        <>
          <Tabs label={t`My polls`}>
            {lists.map(([status, name]) => (
              <Tab key={status ?? ""} to="/polls/mine" search={status ? { show: status } : {}}>
                {i18n._(name)}
              </Tab>
            ))}
          </Tabs>
          <List key={show} account={account.id} show={show} />
        </>
      ) : (
        <Notice>
          <p>
            <Trans><Link to="/sign-in" search={{ then: "/polls/mine" }}>
              Sign in
            </Link>{" "}
            to see the polls that you have made.</Trans>
          </p>
        </Notice>
      )}
    </Page>
  );
}

function List({ account, show }: { account: string; show: Schemas["Status"] | undefined }) {
  const pages = useInfiniteQuery({
    queryKey: ["polls", "mine", account, show],
    queryFn: async ({ pageParam: cursor }) => given(await api.GET("/v1/polls", { params: { query: { mine: true, status: show, cursor } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
    staleTime: 0,
  });
  const polls = pages.data?.pages.flatMap((page) => page.items) ?? [];
  const empty = lists.find(([status]) => status === show)?.[2];
  return (
    <>
      {pages.data && polls.length === 0 && !pages.hasNextPage && (
        <Notice>
          <p>{empty && i18n._(empty)}</p>
          <p>
            <Link to="/new"><Trans>Make a poll</Trans></Link>
          </p>
        </Notice>
      )}
      <ul aria-label={t`My polls`}>
        {polls.map((poll) => (
          <One key={poll.id} poll={poll} />
        ))}
      </ul>
      <More pages={pages} />
    </>
  );
}

function One({ poll }: { poll: Card }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [asked, setAsked] = useState(false);
  const key = useRef(crypto.randomUUID()); // a retry makes no second copy
  const params = { path: { poll_id: poll.id } };
  const copy = useMutation({
    mutationFn: async () =>
      given(await api.POST("/v1/polls/{poll_id}/duplicate", { params: { ...params, header: { "Idempotency-Key": key.current } } })),
    onSuccess: (made) => navigate({ to: "/polls/$id/edit", params: { id: made.id } }),
    onError: (error) => {
      if (error instanceof Problem) key.current = crypto.randomUUID();
    },
  });
  const erase = useMutation({
    mutationFn: async () => given(await api.DELETE("/v1/polls/{poll_id}", { params })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["polls", "mine"] }),
  });
  const editable = poll.status === "draft" || poll.status === "scheduled" || poll.status === "open";
  return (
    <li className={entries.entry}>
      <Link to="/p/$code" params={{ code: poll.code }} className={entries.title}>
        <bdi>{poll.title}</bdi>
      </Link>
      <p className={entries.standing}>{[state(poll), nameOf(poll.method), plural(poll.option_count, { one: "# option", other: "# options" })].join(" · ")}</p>
      {asked ? (
        <div className={styles.actions} role="group" aria-label={t`Delete: ${poll.title}`}>
          <p>{poll.status === "draft" ? t`The draft is gone for good.` : t`The poll, its ballots and its result are gone for everybody.`}</p>
          <Button aria-disabled={erase.isPending} onClick={() => erase.isPending || erase.mutate()}>
            <Trans>Delete it for good</Trans>
          </Button>
          <Button kind="quiet" onClick={() => setAsked(false)} autoFocus>
            <Trans>Keep it</Trans>
          </Button>
        </div>
      ) : (
        <p className={styles.actions}>
          {editable && (
            <Link to="/polls/$id/edit" params={{ id: poll.id }} aria-label={t`Edit: ${poll.title}`}>
              <Trans>Edit</Trans>
            </Link>
          )}
          <button
            type="button"
            className={styles.act}
            aria-label={t`Make a copy: ${poll.title}`}
            aria-disabled={copy.isPending}
            onClick={() => copy.isPending || copy.mutate()}
          >
            <Trans>Make a copy</Trans>
          </button>
          <button type="button" className={styles.act} aria-label={t`Delete: ${poll.title}`} onClick={() => setAsked(true)}>
            <Trans>Delete</Trans>
          </button>
        </p>
      )}
      {(copy.error ?? erase.error) && <ProblemNotice error={(copy.error ?? erase.error) as Error} kept={t`Nothing has changed.`} />}
    </li>
  );
}

function state(poll: Card): string {
  switch (poll.status) {
    case "draft":
      return t`Draft`;
    case "scheduled":
      return poll.opens_at ? t`Begins ${moment(poll.opens_at)}` : t`To come`;
    case "open":
      return poll.closes_at ? t`Open until ${moment(poll.closes_at)}` : t`Open`;
    case "closed":
      return t`Closed`;
    case "archived":
      return t`In the archive`;
  }
}

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { api, given, type Poll, type Schemas } from "../api/client";
import { Problem } from "../api/problem";
import { Ballot } from "../ballots/Ballot";
import { Counted } from "../ballots/Counted";
import { nameOf } from "../ballots/rules";
import { ballotHeaders, votingToken } from "../ballots/secrets";
import { useLive } from "../live/useLive";
import { useCasting } from "../outbox/useCasting";
import { Result } from "../results/Result";
import { Person } from "../people/Person";
import { useAccount } from "../session/session";
import { Notice, ProblemNotice } from "../ui/Notice";
import { Page, useTitle } from "../ui/Page";
import styles from "./PollPage.module.css";
import { Share } from "./Share";

const Owner = lazy(async () => ({ default: (await import("./Owner")).Owner }));
const Check = lazy(async () => ({ default: (await import("../receipts/Check")).Check }));

const Thread = lazy(async () => ({ default: (await import("../comments/Thread")).Thread }));

export function PollPage() {
  const { code } = useParams({ from: "/p/$code" });
  const poll = useQuery({
    queryKey: ["poll", code],
    queryFn: async () => given(await api.GET("/v1/polls/by-code/{code}", { params: { path: { code } } })),
  });
  if (poll.data) return <Loaded key={poll.data.id} poll={poll.data} code={code} />;
  if (!poll.error) return <Page title="">{null}</Page>;
  if (poll.error instanceof Problem && poll.error.status === 404) {
    return (
      <Page title="No such poll">
        <h1>There is no poll with this code</h1>
        <p>It may be mistyped, or the poll was deleted.</p>
        <p>
          <Link to="/">Enter another code</Link>
        </p>
      </Page>
    );
  }
  return (
    <Page title="Not to be had">
      <h1>This poll can't be shown now</h1>
      <ProblemNotice error={poll.error} />
    </Page>
  );
}

function Loaded({ poll, code }: { poll: Poll; code: string }) {
  useTitle(poll.title);
  const account = useAccount();
  const queries = useQueryClient();
  const { comment } = useSearch({ from: "/p/$code" });
  const [changing, setChanging] = useState(false);
  const [checking, setChecking] = useState(false);
  const live = useLive(poll.id);
  const params = { path: { poll_id: poll.id } };

  const card = useQuery({
    queryKey: ["poll", code, "card", account?.id],
    queryFn: async () => {
      const token = votingToken(poll.id);
      const body = { polls: [poll.id], ...(token ? { tokens: { [poll.id]: token } } : {}) };
      return given(await api.POST("/v1/votebooth/polls/batch", { body })).items[0] ?? null;
    },
  });
  const mine = useQuery({
    queryKey: ["poll", code, "mine", account?.id],
    queryFn: async () => {
      const answer = await api.GET("/v1/votebooth/polls/{poll_id}/ballot", { params: { ...params, header: ballotHeaders(poll.id) } });
      return answer.response.status === 404 ? null : given(answer);
    },
    enabled: !!account && card.data?.vote.has_voted === true,
  });

  const { casting, cast, takeBack } = useCasting(poll, account?.id ?? "", () => {
    setChanging(false);
    void queries.invalidateQueries({ queryKey: ["poll", code] });
  });

  const now = casting.state === "counted" && casting.ballot ? { ballot: casting.ballot, receipt: casting.receipt } : null;
  const counted = now ?? (card.data?.vote.has_voted && mine.data ? mine.data : null);
  const underWay = casting.state === "sending" || casting.state === "waiting";
  const open = poll.status === "open" && live.sums?.status !== "final";
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <p className={styles.meta}>
          {nameOf(poll.method)} by <Person person={poll.owner} />
        </p>
        <h1>
          <bdi>{poll.title}</bdi>
        </h1>
        {poll.description && <p className={styles.description}>{poll.description}</p>}
        <p className={styles.meta}>{when(poll)}</p>
        {poll.status !== "draft" && <Share poll={poll} />}
        {account?.id === poll.owner.id && (
          <Suspense>
            <Owner poll={poll} open={open} />
          </Suspense>
        )}
        {poll.notes.map((note) => (
          <Notice key={note.at}>
            <p>{note.text}</p>
          </Notice>
        ))}
      </header>
      <div className={styles.ballot}>
        {counted && !changing && !underWay ? (
          <Counted poll={poll} ballot={counted.ballot} receipt={counted.receipt} open={open} onChange={() => setChanging(true)} />
        ) : (
          <Vote poll={poll} vote={card.data?.vote} failed={card.error} open={open}>
            <Ballot
              poll={poll}
              before={counted?.ballot ?? null}
              casting={casting}
              onCast={(body) => void cast(body)}
              onTakeBack={() => void takeBack()}
            />
          </Vote>
        )}
      </div>
      <div className={styles.result}>
        <Result poll={poll} live={live} />
        <details className={styles.check} onToggle={(event) => setChecking(event.currentTarget.open)}>
          <summary>Check a receipt</summary>
          {checking && (
            <Suspense>
              <Check poll={poll.id} />
            </Suspense>
          )}
        </details>
      </div>
      <div className={styles.comments}>
        <Suspense>
          <Thread poll={poll.id} meant={comment} />
        </Suspense>
      </div>
    </div>
  );
}

type VoteProps = {
  poll: Poll;
  vote: Schemas["MyVote"] | undefined;
  failed: Error | null;
  open: boolean;
  children: React.ReactNode;
};

/** The ballot, or why there is none for this reader and what they can do about it. */
function Vote({ poll, vote, failed, open, children }: VoteProps) {
  if (failed) return <ProblemNotice error={failed} />;
  if (!vote) return null;
  if (vote.may || (vote.why_not === "sign_in" && poll.rules.eligibility === "anyone" && open)) return children;
  if (!open || vote.why_not === "over" || vote.why_not === "not_open") {
    return <Notice>{poll.status === "scheduled" ? "Voting hasn't begun yet." : "Voting is over."}</Notice>;
  }
  switch (vote.why_not) {
    case "sign_in":
    case "account_needed":
      return (
        <Notice>
          <p>This poll takes one vote an account.</p>
          <p>
            <Link to="/sign-in" search={{ then: `/p/${poll.code}` }}>
              Sign in to vote
            </Link>
          </p>
        </Notice>
      );
    case "token_needed":
    case "token_unknown":
      return <Notice>You vote here by the link in the invitation that was sent to you.</Notice>;
    case "network_voted":
      return <Notice>Somebody on your network has voted already; this poll takes one vote a network.</Notice>;
    case "voted":
      return <Notice>You have voted. In this poll a vote can't be changed.</Notice>;
    default:
      return <Notice>You can't vote in this poll.</Notice>;
  }
}

function when(poll: Poll): string {
  const time = (at: string) => new Date(at).toLocaleString("en", { dateStyle: "medium", timeStyle: "short" });
  if (poll.status === "scheduled" && poll.opens_at) return `Voting begins ${time(poll.opens_at)}.`;
  if (poll.closed_at || poll.status === "closed" || poll.status === "archived") {
    const ended = poll.closed_at ?? poll.closes_at;
    return ended ? `Voting ended ${time(ended)}.` : "Voting is over.";
  }
  return poll.closes_at ? `Voting ends ${time(poll.closes_at)}.` : "Voting is open until it is closed by hand.";
}

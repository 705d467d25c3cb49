import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { memo, useState } from "react";
import { api, given, type Poll, type Schemas } from "../api/client";
import { useCasting } from "../outbox/useCasting";
import { useAccount } from "../session/session";
import { Notice, ProblemNotice } from "../ui/Notice";
import { Ballot } from "./Ballot";
import { Counted } from "./Counted";
import styles from "./option.module.css";
import { OptionText } from "./Option";
import { cardOf } from "./reading";
import { ballotHeaders, votingToken } from "./secrets";

/** A stranger becomes a guest as they vote: until it is known how the poll stands for that one, it stands as it did. */
const useCard = (poll: Poll) =>
  useQuery({
    ...cardOf(poll.id, useAccount()?.id),
    placeholderData: (before, query) => (query?.queryKey[1] === poll.id && !query.queryKey[3] ? before : undefined),
  });

/** Whether the ballot, or what stands in its place, has been seen: what comes below it would move if it came first. */
export function useBallotSeen(poll: Poll): boolean {
  const card = useCard(poll);
  const [seen, setSeen] = useState(false);
  const now = seen || !card.isPending || card.fetchStatus !== "fetching";
  if (now && !seen) setSeen(true); // and it stays so, whoever is here
  return now;
}

/** A poll's ballot to fill in, the one that was counted, or why there is none for this reader. */
export const Voting = memo(function Voting({ poll, open }: { poll: Poll; open: boolean }) {
  const account = useAccount();
  const queries = useQueryClient();
  const [changing, setChanging] = useState(false);
  const params = { path: { poll_id: poll.id } };

  const card = useCard(poll);
  const mine = useQuery({
    queryKey: ["poll", poll.id, "mine", account?.id],
    queryFn: async () => {
      const answer = await api.GET("/v1/votebooth/polls/{poll_id}/ballot", { params: { ...params, header: ballotHeaders(poll.id) } });
      return answer.response.status === 404 ? null : given(answer);
    },
    enabled: !!account && card.data?.vote.has_voted === true,
  });

  const { casting, cast, takeBack } = useCasting(poll, account?.id ?? "", () => {
    setChanging(false);
    void queries.invalidateQueries({ queryKey: ["poll"] });
  });

  const now = casting.state === "counted" && casting.ballot ? { ballot: casting.ballot, receipt: casting.receipt } : null;
  const counted = now ?? (card.data?.vote.has_voted && mine.data ? mine.data : null);
  const underWay = casting.state === "sending" || casting.state === "waiting";
  return counted && !changing && !underWay ? (
    <Counted poll={poll} ballot={counted.ballot} receipt={counted.receipt} open={open} onChange={() => setChanging(true)} />
  ) : (
    <Vote poll={poll} vote={card.data?.vote} failed={card.error} open={open} late={casting.state === "refused"}>
      <Ballot
        poll={poll}
        before={counted?.ballot ?? null}
        casting={casting}
        onCast={(body) => void cast(body)}
        onTakeBack={() => void takeBack()}
      />
    </Vote>
  );
});

type VoteProps = {
  poll: Poll;
  vote: Schemas["MyVote"] | undefined;
  failed: Error | null;
  open: boolean;
  /** A ballot of theirs was refused. */
  late: boolean;
  children: React.ReactNode;
};

/** The ballot, or why there is none for this reader and what they can do about it. */
function Vote({ poll, vote, failed, open, late, children }: VoteProps) {
  if (failed && !vote) return <ProblemNotice error={failed} />;
  if (!vote) return null;
  // Whoever isn't here yet becomes a guest on casting, where a guest may vote: as one of anybody, or by a voting token.
  const { eligibility } = poll.rules;
  const asGuest = eligibility === "anyone" || (eligibility !== "signed_in" && !!votingToken(poll.id));
  if (vote.may || (vote.why_not === "sign_in" && asGuest && open)) return children;
  if (!open || vote.why_not === "over" || vote.why_not === "not_open") {
    if (poll.status === "scheduled") return <Notice>{t`Voting hasn't begun yet.`}</Notice>;
    return <Notice>{late ? t`Voting is over. Your ballot came too late and isn't counted.` : t`Voting is over.`}</Notice>;
  }
  switch (vote.why_not === "sign_in" && eligibility !== "signed_in" ? "token_needed" : vote.why_not) {
    case "sign_in":
    case "account_needed":
      return (
        <ForOthers poll={poll}>
          <p><Trans>This poll takes one vote an account.</Trans></p>
          <p>
            <Link to="/sign-in" search={{ then: `/p/${poll.code}` }}>
              <Trans>Sign in to vote</Trans>
            </Link>
          </p>
        </ForOthers>
      );
    case "follow_needed":
      return <ForOthers poll={poll}><Trans>Only those who follow its owner vote in this poll.</Trans></ForOthers>;
    case "token_needed":
    case "token_unknown":
      return <ForOthers poll={poll}><Trans>You vote here by the link in the invitation that was sent to you.</Trans></ForOthers>;
    case "network_voted":
      return <Notice><Trans>Somebody on your network has voted already; this poll takes one vote a network.</Trans></Notice>;
    case "voted":
      return <Notice><Trans>You have voted. In this poll a vote can't be changed.</Trans></Notice>;
    default:
      return <Notice><Trans>You can't vote in this poll.</Trans></Notice>;
  }
}

/** Who votes in a poll, and what they can vote for, to be read by whoever may not. */
function ForOthers({ poll, children }: { poll: Poll; children: React.ReactNode }) {
  return (
    <>
      <Notice>{children}</Notice>
      <ul className={`${styles.options} ${styles.offered}`} aria-label={t`Options`}>
        {poll.options.map((option) => (
          <li key={option.id} className={`${styles.row} ${styles.wide}`}>
            <OptionText option={option} />
          </li>
        ))}
      </ul>
    </>
  );
}

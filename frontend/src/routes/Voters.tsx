import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { api, given } from "../api/client";
import { Problem } from "../api/problem";
import { useAccount } from "../session/session";
import { ProblemNotice } from "../ui/Notice";
import { Page } from "../ui/Page";
import { Roll } from "../voters/Roll";
import { Tokens } from "../voters/Tokens";

/** Who may vote in a poll of mine: its roll, or its voting tokens. */
export function Voters() {
  const { id } = useParams({ from: "/polls/$id/voters" });
  const account = useAccount();
  const read = useQuery({
    queryKey: ["poll", "voters", id, account?.id],
    queryFn: async () => given(await api.GET("/v1/polls/{poll_id}", { params: { path: { poll_id: id } } })),
  });
  const poll = read.data;
  if (!poll && !read.error) return <Page title="">{null}</Page>;
  if (!poll || poll.owner.id !== account?.id) {
    const gone = read.error instanceof Problem && [400, 404].includes(read.error.status);
    return (
      <Page title={t`Voters`}>
        <h1>{gone ? t`There is no such poll` : t`You don't see who is invited`}</h1>
        {read.error && !gone ? <ProblemNotice error={read.error} /> : <p>{gone ? t`It may have been deleted.` : t`Only the poll's owner does.`}</p>}
        <p>
          <Link to="/polls/mine"><Trans>To my polls</Trans></Link>
        </p>
      </Page>
    );
  }
  const { eligibility } = poll.rules;
  return (
    <Page title={t`Voters: ${poll.title}`}>
      <header>
        <h1>{eligibility === "tokens" ? t`Voting tokens` : t`Voters`}</h1>
        <p>
          <Link to="/p/$code" params={{ code: poll.code }}>
            <bdi>{poll.title}</bdi>
          </Link>
          {poll.status === "draft" && t`, a draft: you publish it on its page.`}
        </p>
      </header>
      {eligibility === "roll" && <Roll poll={poll} />}
      {eligibility === "tokens" && <Tokens poll={poll} />}
      {(eligibility === "anyone" || eligibility === "signed_in") && (
        <p>
          {eligibility === "anyone"
            ? t`Anyone with the link may vote: there is nobody to invite. A draft's rules can be changed while it isn't open.`
            : t`Anyone with an account may vote: there is nobody to invite. A draft's rules can be changed while it isn't open.`}
        </p>
      )}
    </Page>
  );
}

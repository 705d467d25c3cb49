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
      <Page title="Voters">
        <h1>{gone ? "There is no such poll" : "You don't see who is invited"}</h1>
        {read.error && !gone ? <ProblemNotice error={read.error} /> : <p>{gone ? "It may have been deleted." : "Only the poll's owner does."}</p>}
        <p>
          <Link to="/polls/mine">To my polls</Link>
        </p>
      </Page>
    );
  }
  const { eligibility } = poll.rules;
  return (
    <Page title={`Voters: ${poll.title}`}>
      <header>
        <h1>{eligibility === "tokens" ? "Voting tokens" : "Voters"}</h1>
        <p>
          <Link to="/p/$code" params={{ code: poll.code }}>
            <bdi>{poll.title}</bdi>
          </Link>
          {poll.status === "draft" && ", a draft: you publish it on its page."}
        </p>
      </header>
      {eligibility === "roll" && <Roll poll={poll} />}
      {eligibility === "tokens" && <Tokens poll={poll} />}
      {(eligibility === "anyone" || eligibility === "signed_in") && (
        <p>
          {eligibility === "anyone" ? "Anyone with the link may vote" : "Anyone with an account may vote"}: there is nobody to invite. A
          draft's rules can be changed while it isn't open.
        </p>
      )}
    </Page>
  );
}

import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Link, Navigate, useParams, useSearch } from "@tanstack/react-router";
import { api, given } from "../api/client";
import { Problem } from "../api/problem";
import { ProblemNotice } from "../ui/Notice";
import { Page } from "../ui/Page";

/** Leads from a poll's id, which is all that feeds know of it, to its page. */
export function PollById() {
  const { id } = useParams({ from: "/polls/$id" });
  const { comment } = useSearch({ from: "/polls/$id" });
  const poll = useQuery({
    queryKey: ["poll", "by id", id],
    queryFn: async () => given(await api.GET("/v1/polls/{poll_id}", { params: { path: { poll_id: id } } })),
  });
  if (poll.data) return <Navigate to="/p/$code" params={{ code: poll.data.code }} search={comment ? { comment } : {}} replace />;
  if (!poll.error) return <Page title="">{null}</Page>;
  const gone = poll.error instanceof Problem && [400, 404].includes(poll.error.status);
  return (
    <Page title={t`No such poll`}>
      <h1>{gone ? t`This poll isn't there any more` : t`This poll can't be shown now`}</h1>
      {gone ? <p><Trans>It was deleted since it was listed.</Trans></p> : <ProblemNotice error={poll.error} />}
      <p>
        <Link to="/explore"><Trans>See what others ask</Trans></Link>
      </p>
    </Page>
  );
}

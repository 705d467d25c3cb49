import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { api, given, isOver, type Poll } from "../api/client";
import { Problem } from "../api/problem";
import { editOf, type Entry, entryOf } from "../making/entry";
import { drop } from "../making/kept";
import { PollForm } from "../making/PollForm";
import { useAccount } from "../session/session";
import { Button } from "../ui/Button";
import { Notice, ProblemNotice } from "../ui/Notice";
import { Page } from "../ui/Page";

type Read = { poll: Poll; tag: string; ballots: number | null };

/** What can still be changed of a poll of mine, and why the rest can't. */
export function EditPoll() {
  const { id } = useParams({ from: "/polls/$id/edit" });
  const account = useAccount();
  const read = useQuery({
    queryKey: ["poll", "edit", id, account?.id],
    queryFn: async (): Promise<Read> => {
      const answer = await api.GET("/v1/polls/{poll_id}", { params: { path: { poll_id: id } } });
      const poll = given(answer);
      const open = poll.status === "open";
      const card = open ? given(await api.POST("/v1/votebooth/polls/batch", { body: { polls: [id] } })).items[0] : undefined;
      return { poll, tag: answer.response.headers.get("etag") ?? "", ballots: card?.counts?.ballots ?? null };
    },
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY, // what is being edited isn't changed underneath
  });
  if (read.data && read.data.poll.owner.id === account?.id) return <Loaded key={read.data.tag} {...read.data} />;
  if (!read.data && !read.error) return <Page title="">{null}</Page>;
  const gone = read.error instanceof Problem && [400, 404].includes(read.error.status);
  return (
    <Page title={t`Not to be edited`}>
      <h1>{gone ? t`There is no such poll` : t`You can't edit this poll`}</h1>
      {read.error && !gone ? <ProblemNotice error={read.error} /> : <p>{gone ? t`It may have been deleted.` : t`Only its owner can.`}</p>}
      <p>
        <Link to="/polls/mine"><Trans>To my polls</Trans></Link>
      </p>
    </Page>
  );
}

function Loaded({ poll, tag, ballots }: Read) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const start = entryOf(poll);
  const place = { account: poll.owner.id, poll: poll.id, tag };
  const save = useMutation({
    mutationFn: async (entry: Entry) =>
      given(
        await api.PATCH("/v1/polls/{poll_id}", {
          params: { path: { poll_id: poll.id }, header: { "If-Match": tag } },
          body: editOf(start, entry),
        }),
      ),
    onSuccess: async () => {
      drop(place);
      await queries.invalidateQueries({ queryKey: ["poll"], refetchType: "none" });
      await navigate({ to: "/p/$code", params: { code: poll.code } });
    },
  });
  const begun = poll.status === "open";
  const asked = begun && ballots !== null && ballots > 0;
  const moved = save.error instanceof Problem && save.error.status === 412;
  const back = (
    <Link to="/p/$code" params={{ code: poll.code }}>
      <Trans>Back to the poll</Trans>
    </Link>
  );

  if (isOver(poll.status)) {
    return (
      <Page title={t`Edit`}>
        <h1><Trans>Nothing can be changed any more</Trans></h1>
        <p><Trans>Voting is over. What was voted on, and by what rules, stays as it was; what has to be said goes into a note on the poll's page.</Trans></p>
        <p>{back}</p>
      </Page>
    );
  }
  return (
    <Page title={t`Edit: ${poll.title}`}>
      <h1>{poll.status === "draft" ? t`Edit the draft` : t`Edit the poll`}</h1>
      {begun && (
        <Notice>
          <p>
            {asked
              ? plural(ballots, {
                  one: "Somebody has voted, so question and options stay as they voted on them.",
                  other: "# people have voted, so question and options stay as they voted on them.",
                })
              : t`Voting has begun. The words can be changed until somebody has voted; options, method and rules can't any more.`}
          </p>
          <p><Trans>What has to be said later goes into a note: {back}</Trans></p>
        </Notice>
      )}
      <PollForm
        start={start}
        place={place}
        sending={save.isPending}
        begun={begun}
        asked={asked}
        error={save.error}
        refused={moved ? t`The poll was changed elsewhere since you opened it. Reload this page to begin with what it is now.` : t`Nothing was changed; all that you entered is still here.`}
        onSend={(entry) => save.isPending || save.mutate(entry)}
      >
        <Button type="submit" aria-disabled={save.isPending}>
          <Trans>Save</Trans>
        </Button>
        {back}
      </PollForm>
    </Page>
  );
}

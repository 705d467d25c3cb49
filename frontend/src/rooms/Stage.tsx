import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { api, given, type Poll } from "../api/client";
import { Voting } from "../ballots/Voting";
import { useLive } from "../live/useLive";
import { Result } from "../results/Result";
import { ProblemNotice } from "../ui/Notice";
import styles from "./Rooms.module.css";
import { type Room, still } from "./state";
import { useBegun } from "./useBegun";

/** The poll that everybody looks at, or that there is none yet. */
export function Stage({ stage }: { stage: Room["stage"] }) {
  const id = stage.poll;
  const begun = useBegun(stage);
  const poll = useQuery({
    queryKey: ["poll", "on stage", id, stage.version],
    queryFn: async () => given(await api.GET("/v1/polls/{poll_id}", { params: { path: { poll_id: id ?? "" } } })),
    enabled: !!id,
    placeholderData: still(id),
  });
  if (!id && begun) return <p className={styles.waiting}><Trans>That was all for now. Thank you for voting.</Trans></p>;
  if (!id) return <p className={styles.waiting}><Trans>Nothing to vote on yet. It appears here as soon as the host puts it on stage.</Trans></p>;
  if (poll.data) return <OnStage key={id} poll={poll.data} shown={stage.results_shown ?? false} />;
  return poll.error ? <ProblemNotice error={poll.error} /> : null;
}

function OnStage({ poll, shown }: { poll: Poll; shown: boolean }) {
  const live = useLive(poll.id);
  const open = poll.status === "open" && live.status !== "final";
  return (
    <section aria-labelledby="on-stage" className={styles.part}>
      <h2 id="on-stage">
        <bdi>{poll.title}</bdi>
      </h2>
      {poll.description && <p>{poll.description}</p>}
      <Voting poll={poll} open={open} />
      {shown ? <Result poll={poll} live={live} /> : <p className={styles.quiet}><Trans>The result appears here when the host shows it.</Trans></p>}
    </section>
  );
}

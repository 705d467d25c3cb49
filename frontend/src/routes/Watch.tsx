import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, given, type Poll } from "../api/client";
import { useAccount } from "../session/session";
import { Button } from "../ui/Button";
import { ProblemNotice } from "../ui/Notice";
import styles from "./Share.module.css";

/** Being told when a poll opens and closes. */
export function Watch({ poll }: { poll: Poll }) {
  const account = useAccount();
  const queries = useQueryClient();
  const queryKey = ["watch", poll.id, account?.id];
  const params = { path: { poll_id: poll.id } };
  const watch = useQuery({ queryKey, queryFn: async () => given(await api.GET("/v1/notifications/polls/{poll_id}", { params })) });
  const turn = useMutation({
    mutationFn: async (on: boolean) =>
      given(
        await (on
          ? api.PUT("/v1/notifications/polls/{poll_id}", { params })
          : api.DELETE("/v1/notifications/polls/{poll_id}", { params })),
      ),
    onSuccess: (_, watching) => queries.setQueryData(queryKey, { watching }),
  });
  if (!watch.data) return watch.error && <ProblemNotice error={watch.error} />;
  const { watching } = watch.data;
  return (
    <div className={styles.actions}>
      <Button kind="quiet" aria-pressed={watching} aria-disabled={turn.isPending} onClick={() => turn.isPending || turn.mutate(!watching)}>
        <Trans>Watch this poll</Trans>
      </Button>
      <span role="status" className={styles.said}>
        {watching ? told(poll) : ""}
      </span>
      {turn.error && <ProblemNotice error={turn.error} />}
    </div>
  );
}

function told({ status, closes_at }: Poll): string {
  if (status === "scheduled") return t`You are told when it opens and closes.`;
  return closes_at ? t`You are told before it closes if you haven't voted, and when it has closed.` : t`You are told when it closes.`;
}

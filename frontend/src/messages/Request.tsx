import { Trans } from "@lingui/react/macro";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { api, given, type Schemas } from "../api/client";
import { Button } from "../ui/Button";
import { ProblemNotice } from "../ui/Notice";
import { keys } from "./inbox";
import styles from "./Messages.module.css";
import { titleOf } from "./names";

/** Whether somebody whom I don't follow may write to me. */
export function Request({ conversation }: { conversation: Schemas["ConversationView"] }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const answer = useMutation({
    mutationFn: async (accept: boolean) => {
      const params = { path: { conversation_id: conversation.id } };
      return given(await api.PUT("/v1/messaging/conversations/{conversation_id}/request", { params, body: { accept } }));
    },
    onSuccess: (_, accept) => {
      if (!accept) return navigate({ to: "/messages" });
      return queries.invalidateQueries({ queryKey: keys.conversation(conversation.id) });
    },
  });
  const pending = answer.isPending;
  return (
    <div className={styles.ask}>
      <p>
        {conversation.kind === "group" ? (
          <Trans>You are asked into this group. Until you accept, nobody sees that you have read it.</Trans>
        ) : (
          <Trans>
            <bdi>{titleOf(conversation)}</bdi> isn't somebody whom you follow. Until you accept, they can't write more, and don't
            see that you have read it. They don't learn if you decline.
          </Trans>
        )}
      </p>
      {answer.error && <ProblemNotice error={answer.error} />}
      <div className={styles.acts}>
        <Button aria-disabled={pending} onClick={() => !pending && answer.mutate(true)}>
          <Trans>Accept</Trans>
        </Button>
        <Button kind="quiet" aria-disabled={pending} onClick={() => !pending && answer.mutate(false)}>
          <Trans>Decline</Trans>
        </Button>
      </div>
    </div>
  );
}

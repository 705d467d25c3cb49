import { t } from "@lingui/core/macro";
import { useQuery } from "@tanstack/react-query";
import { api, given } from "../api/client";
import { ProblemNotice } from "../ui/Notice";
import styles from "./Messages.module.css";
import type { Message } from "./talk";

/** What a message said before it was edited. */
export function History({ message }: { message: Message }) {
  const found = useQuery({
    queryKey: ["messages", "history", message.id, message.edits],
    queryFn: async () =>
      given(await api.GET("/v1/messaging/messages/{message_id}/history", { params: { path: { message_id: message.id } } })),
  });
  if (found.error) return <ProblemNotice error={found.error} />;
  return (
    <ol aria-label={t`What it said before`} className={styles.history}>
      {found.data?.map((revision) => (
        <li key={revision.at}>
          <bdi>{revision.text}</bdi>
        </li>
      ))}
    </ol>
  );
}

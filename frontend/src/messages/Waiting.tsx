import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button } from "../ui/Button";
import { ProblemNotice } from "../ui/Notice";
import attached from "./Attachments.module.css";
import styles from "./Messages.module.css";
import { type Draft, outbox, passes } from "./outbox";
import { Preview } from "./Picked";

/** A message that the server hasn't acknowledged. */
export function Waiting({ draft }: { draft: Draft }) {
  const { error } = draft;
  return (
    <li className={styles.message} data-mine="true" data-waiting="true">
      <div className={styles.said}>
        {draft.text && (
          <p className={styles.body}>
            <bdi>{draft.text}</bdi>
          </p>
        )}
        {draft.files.map(({ file, name, description }, place) => (
          <p key={place} className={attached.waiting}>
            <Preview of={file} alt={description} />
            <bdi>{name}</bdi>
          </p>
        ))}
        {draft.files.length > 0 && !error && draft.progress < 1 && (
          <progress className={attached.progress} value={draft.progress} aria-label={t`Sent of the attachments`} />
        )}
      </div>
      <p className={styles.by}>{error ? t`Not sent` : t`Sending …`}</p>
      {error && !passes(error) && <ProblemNotice error={error} />}
      {error && (
        <div className={styles.acts}>
          {passes(error) && (
            <Button kind="quiet" onClick={() => outbox.retry(draft.conversation)}>
              <Trans>Try again</Trans>
            </Button>
          )}
          <Button kind="quiet" onClick={() => outbox.remove([draft.clientId])}>
            <Trans>Don't send it</Trans>
          </Button>
        </div>
      )}
    </li>
  );
}

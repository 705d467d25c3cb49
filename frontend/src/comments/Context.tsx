import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Link, useLocation } from "@tanstack/react-router";
import { api, given } from "../api/client";
import { Problem } from "../api/problem";
import { useAccount } from "../session/session";
import { Notice, ProblemNotice } from "../ui/Notice";
import { Body } from "./Body";
import { keys, type Thread } from "./cache";
import styles from "./Comments.module.css";
import { Item } from "./Item";

/** One comment, which a link leads to: what it answers above it, what answers it below. */
export function Context({ thread, id }: { thread: Thread; id: string }) {
  const account = useAccount();
  const here = useLocation({ select: (location) => location.pathname });
  const found = useQuery({
    queryKey: [...keys.contexts(thread.id), id, account?.id],
    queryFn: async () => given(await api.GET("/v1/comments/{comment_id}", { params: { path: { comment_id: id } } })),
  });
  const gone =
    (found.error instanceof Problem && [400, 404].includes(found.error.status)) ||
    (found.data && found.data.comment.thread !== thread.id);
  return (
    <>
      <p>
        <Link to={here}><Trans>Show all comments</Trans></Link>
      </p>
      {gone && <Notice><Trans>This comment isn't there any more.</Trans></Notice>}
      {found.error && !gone && <ProblemNotice error={found.error} />}
      {found.data && !gone && (
        <>
          {found.data.above.length > 0 && (
            <ol className={styles.above} aria-label={t`What it answers`}>
              {found.data.above.map((comment) => (
                <li key={comment.id} className={styles.item}>
                  <Body comment={comment} />
                </li>
              ))}
            </ol>
          )}
          <ul className={styles.list} aria-label={t`The comment`} data-level={0}>
            <Item thread={thread} comment={found.data.comment} best={[]} order="supported" level={0} meant />
          </ul>
        </>
      )}
    </>
  );
}

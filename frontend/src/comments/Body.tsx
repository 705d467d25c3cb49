import { i18n, type MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Link, useLocation } from "@tanstack/react-router";
import { ago } from "../feed/standing";
import { Avatar } from "../people/Avatar";
import { Person } from "../people/Person";
import { Parts } from "../waves/Parts";
import type { Comment } from "./cache";
import styles from "./Comments.module.css";

const gone: Record<Comment["state"], MessageDescriptor | null> = {
  shown: null,
  deleted: msg`Deleted by its author.`,
  hidden: msg`Hidden by the poll's owner or a moderator.`,
  withheld: msg`Not shown, because you and its author are apart.`,
};

/** Who says what, and when; or why it isn't to be read. */
export function Body({ comment }: { comment: Comment }) {
  const here = useLocation({ select: (location) => location.pathname });
  const why = gone[comment.state];
  return (
    <>
      <p className={styles.by}>
        {comment.author && (
          <strong>
            <Avatar person={comment.author} /> <Person person={comment.author} />
          </strong>
        )}
        <Link to={here} search={{ comment: comment.id }}>
          <time dateTime={comment.created_at}>{ago(comment.created_at)}</time>
        </Link>
        {comment.edited_at && comment.state === "shown" && <span><Trans>edited</Trans></span>}
        {comment.pinned && <span className={styles.mark}><Trans>Pinned</Trans></span>}
      </p>
      {why && <p className={styles.gone}>{i18n._(why)}</p>}
      <Parts parts={comment.parts} className={styles.text} />
    </>
  );
}

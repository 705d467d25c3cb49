import { Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import type { Schemas } from "../api/client";
import { pollsOf, useCards } from "../feed/cards";
import { Attachments } from "../messages/Attachments";
import { Person } from "../people/Person";
import { moment } from "../ui/time";
import { Parts } from "../waves/Parts";
import { Original, Said } from "../waves/WaveItem";
import type { Case } from "./kinds";
import styles from "./Moderation.module.css";

/** What a case is about. */
export function Reported({ about }: { about: Case }) {
  switch (about.kind) {
    case "comment":
      return <Comment comment={about.comment} />;
    case "wave":
      return <Wave wave={about.wave} />;
    case "message":
      return <Message about={about} />;
  }
}

function Comment({ comment }: { comment: Schemas["CommentView"] }) {
  return (
    <>
      {comment.author && (
        <p>
          <strong>
            <Person person={comment.author} />
          </strong>
        </p>
      )}
      {comment.state === "deleted" ? (
        <p className={styles.quiet}>
          <Trans>Deleted by its author.</Trans>
        </p>
      ) : (
        <Parts parts={comment.parts} className={undefined} />
      )}
      <Link to="/polls/$id" params={{ id: comment.thread }} search={{ comment: comment.id }}>
        <Trans>See it in its thread</Trans>
      </Link>
    </>
  );
}

function Wave({ wave }: { wave: Schemas["WaveView"] }) {
  const cards = useCards(pollsOf([wave]));
  return (
    <>
      <Said wave={wave} cards={cards} />
      {wave.ripple_of && <Original wave={wave.original} cards={cards} />}
    </>
  );
}

function Message({ about }: { about: Schemas["MessageCase"] }) {
  return (
    <>
      <p>
        <strong>
          <Person person={about.sender} />
        </strong>{" "}
        <time className={styles.quiet} dateTime={about.sent_at}>
          {moment(about.sent_at)}
        </time>
      </p>
      {about.text && (
        <p className={styles.text}>
          <bdi>{about.text}</bdi>
        </p>
      )}
      <Attachments of={about.attachments} />
      <p className={styles.quiet}>
        <Trans>As it was when it was reported; you see nothing else of its conversation.</Trans>
      </p>
    </>
  );
}

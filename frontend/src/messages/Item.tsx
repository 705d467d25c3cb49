import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, given } from "../api/client";
import { ReportForm } from "../moderation/Ask";
import { nameOf } from "../people/Person";
import { ProblemNotice } from "../ui/Notice";
import { Say } from "../ui/Say";
import { Attachments } from "./Attachments";
import { History } from "./History";
import styles from "./Messages.module.css";
import { lineOf } from "./names";
import type { Message } from "./talk";
import { clock, moment } from "../ui/time";

const EMOJIS = ["👍", "❤️", "😂", "😮", "😢", "🎉"];

type Props = {
  message: Message;
  me: string;
  /** Whether it follows another one of the same sender closely. */
  goesOn: boolean;
  group: boolean;
  mayWrite: boolean;
  mayDelete: boolean;
  /** What it answers, if that is held. */
  answers: Message | undefined;
  onAnswer: () => void;
};

/** A message, and what this reader may do with it. The stream brings what becomes of that. */
export function Item({ message, me, goesOn, group, mayWrite, mayDelete, answers, onAnswer }: Props) {
  const [more, setMore] = useState(false);
  const [open, setOpen] = useState<"edit" | "delete" | "history" | "report" | null>(null);
  const [said, say] = useState("");
  const mine = message.sender.id === me;
  const path = { message_id: message.id };
  const reacted = message.reactions.find(({ accounts }) => accounts.includes(me))?.emoji;
  const close = () => {
    setOpen(null);
    setMore(false);
  };
  const react = useMutation({
    mutationFn: async (emoji: string) => {
      if (emoji === reacted) return given(await api.DELETE("/v1/messaging/messages/{message_id}/reaction", { params: { path } }));
      return given(await api.PUT("/v1/messaging/messages/{message_id}/reaction", { params: { path }, body: { emoji } }));
    },
    onSuccess: close,
  });
  const edit = useMutation({
    mutationFn: async (text: string) => given(await api.PATCH("/v1/messaging/messages/{message_id}", { params: { path }, body: { text } })),
    onSuccess: close,
  });
  const erase = useMutation({
    mutationFn: async () => given(await api.DELETE("/v1/messaging/messages/{message_id}", { params: { path } })),
    onSuccess: close,
  });
  const opens = (what: NonNullable<typeof open>, name: string) => (
    <button type="button" className={styles.act} aria-expanded={open === what} onClick={() => {
        say("");
        setOpen(open === what ? null : what);
      }}>
      {name}
    </button>
  );
  return (
    <li className={styles.message} data-mine={mine} data-goes-on={goesOn}>
      {!goesOn && (
        <p className={styles.by}>
          <span className={mine || !group ? "visually-hidden" : undefined}>{mine ? t`You` : <bdi>{nameOf(message.sender)}</bdi>}</span>{" "}
          <time dateTime={message.sent_at} title={moment(message.sent_at)}>
            {clock(message.sent_at)}
          </time>
        </p>
      )}
      <div className={styles.said}>
        {message.reply_to && !message.deleted && (
          <p className={styles.quoted}>
            <bdi>{answers ? lineOf(answers) : t`An earlier message`}</bdi>
          </p>
        )}
        {message.deleted ? (
          <p className={styles.gone}><Trans>This message was deleted</Trans></p>
        ) : (
          message.text && (
            <p className={styles.body}>
              <bdi>{message.text}</bdi>
            </p>
          )
        )}
        <Attachments of={message.attachments} />
        {message.edits > 0 && !message.deleted && <span className={styles.edited}><Trans>edited</Trans></span>}
      </div>
      {message.reactions.length > 0 && (
        <ul className={styles.reactions} aria-label={t`Reactions`}>
          {message.reactions.map(({ emoji, accounts }) => (
            <li key={emoji}>
              <button
                type="button"
                className={styles.reaction}
                aria-pressed={emoji === reacted}
                aria-label={`${emoji}, ${accounts.length}`}
                aria-disabled={!mayWrite}
                onClick={() => mayWrite && !react.isPending && react.mutate(emoji)}
              >
                {emoji} {accounts.length > 1 && accounts.length}
              </button>
            </li>
          ))}
        </ul>
      )}
      {!message.deleted && (mayWrite || mayDelete || message.edits > 0 || !mine) && (
        <button type="button" className={styles.more} aria-expanded={more} aria-label={t`More about “${lineOf(message).slice(0, 60)}”`} onClick={() => setMore(!more)}>
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <path d="M3 8h.01M8 8h.01M13 8h.01" />
          </svg>
        </button>
      )}
      {more && !message.deleted && (
        <div className={styles.acts}>
          {mayWrite &&
            EMOJIS.map((emoji) => (
              <button key={emoji} type="button" className={styles.emoji} aria-pressed={emoji === reacted} onClick={() => !react.isPending && react.mutate(emoji)}>
                {emoji}
              </button>
            ))}
          {mayWrite && (
            <button
              type="button"
              className={styles.act}
              onClick={() => {
                close();
                onAnswer();
              }}
            >
              <Trans>Answer</Trans>
            </button>
          )}
          {mine && mayWrite && opens("edit", t`Edit`)}
          {message.edits > 0 && opens("history", t`What it said before`)}
          {!mine && opens("report", t`Report`)}
          {(mine || mayDelete) && opens("delete", t`Delete`)}
        </div>
      )}
      {react.error && <ProblemNotice error={react.error} />}
      {open === "history" && <History message={message} />}
      {open === "report" && (
        <ReportForm
          kind="message"
          id={message.id}
          onDone={(told = "") => {
            close();
            say(told);
          }}
        />
      )}
      <p role="status" className={styles.quiet}>
        {said}
      </p>
      {open === "edit" && (
        <Say label={t`Say it in other words`} verb={t`Change it`} most={4000} before={message.text ?? ""} sending={edit.isPending} error={edit.error} onSay={(text) => edit.mutate(text)} onLeave={close} />
      )}
      {open === "delete" && (
        <div>
          <p><Trans>Delete it for all, for good?</Trans></p>
          {erase.error && <ProblemNotice error={erase.error} kept={t`It is still there.`} />}
          <div className={styles.acts}>
            <button type="button" className={styles.act} autoFocus aria-disabled={erase.isPending} onClick={() => !erase.isPending && erase.mutate()}>
              <Trans>Delete the message</Trans>
            </button>
            <button type="button" className={styles.act} onClick={close}>
              <Trans>Keep it</Trans>
            </button>
          </div>
        </div>
      )}
    </li>
  );
}

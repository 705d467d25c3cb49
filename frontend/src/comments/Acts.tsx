import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { api, given } from "../api/client";
import { AppealForm, ReportForm } from "../moderation/Ask";
import { useAccount } from "../session/session";
import { ProblemNotice } from "../ui/Notice";
import { type Comment, keys, replace, type Thread } from "./cache";
import styles from "./Comments.module.css";
import { Edit, Hide } from "./Forms";
import { Write } from "./Write";

type Open = "answer" | "edit" | "delete" | "report" | "hide" | "appeal" | null;

type Props = { thread: Thread; comment: Comment; onAnswered: () => void };

/** What this reader may do with a comment; what is seldom wanted is a step away. */
export function Acts({ thread, comment, onAnswered }: Props) {
  const account = useAccount();
  const queries = useQueryClient();
  const [more, setMore] = useState(false);
  const [open, setOpen] = useState<Open>(null);
  const [said, say] = useState("");
  const row = useRef<HTMLDivElement>(null);
  const params = { path: { comment_id: comment.id } };
  const put = (change: Partial<Comment>) => replace(queries, thread.id, comment.id, (old) => ({ ...old, ...change }));

  const support = useMutation({
    mutationFn: async (on: boolean) => {
      if (on) return given(await api.PUT("/v1/comments/{comment_id}/support", { params })).comment;
      given(await api.DELETE("/v1/comments/{comment_id}/support", { params }));
      return { supported: false, support: comment.support - 1 };
    },
    onSuccess: put,
  });
  const erase = useMutation({
    mutationFn: async () => given(await api.DELETE("/v1/comments/{comment_id}", { params })),
    onSuccess: () => {
      setOpen(null);
      put({ state: "deleted", text: null, parts: [], author: null, pinned: false });
      void queries.invalidateQueries({ queryKey: keys.about(thread.id) });
    },
  });
  const restore = useMutation({
    mutationFn: async () => given(await api.DELETE("/v1/comments/{comment_id}/hidden", { params })),
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.all(thread.id) }),
  });
  const pin = useMutation({
    mutationFn: async (on: boolean) =>
      given(
        await (on
          ? api.PUT("/v1/comments/{comment_id}/pin", { params })
          : api.DELETE("/v1/comments/{comment_id}/pin", { params })),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.all(thread.id) }),
  });

  if (account?.kind !== "user") {
    return comment.state === "shown" && comment.support > 0 ? <p className={styles.by}>{supporters(comment.support)}</p> : null;
  }
  const mine = comment.author?.id === account.id;
  const shown = comment.state === "shown";
  const hidden = comment.state === "hidden";

  function leave(told = "") {
    const was = open;
    setOpen(null);
    say(told);
    requestAnimationFrame(() => row.current?.querySelector<HTMLElement>(`[data-opens="${was}"]`)?.focus());
  }
  const act = (opens: NonNullable<Open>, name: string) => (
    <button
      type="button"
      className={styles.act}
      data-opens={opens}
      aria-expanded={open === opens}
      onClick={() => {
        say("");
        setOpen(open === opens ? null : opens);
      }}
    >
      {name}
    </button>
  );
  const failed = support.error ?? restore.error ?? pin.error;
  const seldom = [
    shown && mine && act("edit", t`Edit`),
    shown && !mine && act("report", t`Report`),
    shown && thread.may_moderate && comment.depth === 1 && (
      <button type="button" className={styles.act} aria-disabled={pin.isPending} onClick={() => pin.mutate(!comment.pinned)}>
        {comment.pinned ? t`Unpin` : t`Pin`}
      </button>
    ),
    shown && thread.may_moderate && act("hide", t`Hide`),
    hidden && thread.may_moderate && (
      <button type="button" className={styles.act} aria-disabled={restore.isPending} onClick={() => restore.mutate()}>
        <Trans>Show again</Trans>
      </button>
    ),
    hidden && mine && act("appeal", t`Appeal`),
    (shown || hidden) && mine && act("delete", t`Delete`),
  ].filter(Boolean);
  if (!shown && seldom.length === 0) return null;
  return (
    <>
      <div className={styles.acts} ref={row}>
        {shown && mine && comment.support > 0 && <span className={styles.by}>{supporters(comment.support)}</span>}
        {shown && !mine && (
          <button
            type="button"
            className={styles.act}
            aria-pressed={comment.supported}
            aria-label={t`Support, ${supporters(comment.support)}`}
            onClick={() => !support.isPending && support.mutate(!comment.supported)}
          >
            <svg viewBox="0 0 16 16" aria-hidden="true">
              <path d="M8 3 14 11H2Z" />
            </svg>
            {comment.support || t`Support`}
          </button>
        )}
        {shown && thread.may_comment && act("answer", t`Answer`)}
        {seldom.length > 0 && (
          <button type="button" className={styles.act} aria-expanded={more} onClick={() => setMore(!more)}>
            {more ? t`Less` : t`More`}
          </button>
        )}
        {more && seldom.map((button, place) => <span key={place}>{button}</span>)}
      </div>
      <p role="status" className={styles.said}>
        {said}
      </p>
      {failed && <ProblemNotice error={failed} />}
      {open === "answer" && (
        <Write
          thread={thread.id}
          parent={comment}
          onDone={(made) => {
            if (made) onAnswered();
            leave(made ? t`Your answer is there.` : "");
          }}
        />
      )}
      {open === "edit" && <Edit comment={comment} onDone={leave} />}
      {open === "report" && <ReportForm kind="comment" id={comment.id} onDone={leave} />}
      {open === "hide" && <Hide comment={comment} onDone={leave} />}
      {open === "appeal" && <AppealForm kind="comment" id={comment.id} onDone={leave} />}
      {open === "delete" && (
        <div className={styles.ask}>
          <p><Trans>Delete it for good? Answers to it stay.</Trans></p>
          {erase.error && <ProblemNotice error={erase.error} kept={t`It is still there.`} />}
          <div className={styles.acts}>
            <button type="button" className={styles.act} autoFocus aria-disabled={erase.isPending} onClick={() => erase.mutate()}>
              <Trans>Delete the comment</Trans>
            </button>
            <button type="button" className={styles.act} onClick={() => leave()}>
              <Trans>Keep it</Trans>
            </button>
          </div>
        </div>
      )}
    </>
  );
}

function supporters(count: number): string {
  return plural(count, { one: "# supporter", other: "# supporters" });
}

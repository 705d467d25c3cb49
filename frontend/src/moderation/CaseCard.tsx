import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, given } from "../api/client";
import { ago } from "../feed/standing";
import { Button } from "../ui/Button";
import { Notice } from "../ui/Notice";
import { Say } from "../ui/Say";
import { type Case, type Outcome, services } from "./kinds";
import { Limit } from "./Limits";
import styles from "./Moderation.module.css";
import { Reported } from "./Reported";
import { Reports, why } from "./Reports";

type Open = Outcome | "lock" | "limit";

/** A case: why it waits, what it is about, and what a moderator may do. */
export function CaseCard({ about }: { about: Case }) {
  const queries = useQueryClient();
  const [open, setOpen] = useState<Open | null>(null);
  const { hidden, author, appeal, matched } = factsOf(about);
  const decide = useMutation({
    mutationFn: ({ outcome, reason }: { outcome: Outcome; reason: string }) => services[about.kind].decide(about.id, outcome, reason),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["moderation", "cases"] }),
  });
  const names: Record<Outcome, string> = {
    hidden: hidden ? t`Keep it hidden` : t`Hide it`,
    dismissed: t`Leave it as it is`,
    restored: t`Show it`,
    upheld: t`The report is right`,
  };
  const outcomes: Outcome[] = about.kind === "message" ? ["upheld", "dismissed"] : hidden ? ["restored", "hidden"] : ["hidden", "dismissed"];
  const act = (opens: Open, name: string) => (
    <Button key={opens} kind="quiet" aria-expanded={open === opens} onClick={() => setOpen(open === opens ? null : opens)}>
      {name}
    </Button>
  );
  return (
    <li className={styles.case}>
      <p className={styles.facts}>
        {about.kind === "comment" ? <Trans>A comment</Trans> : about.kind === "wave" ? <Trans>A Wave</Trans> : <Trans>A message</Trans>}
        {matched && (
          <span className={styles.mark}>
            <Trans>Waits: “{matched}”</Trans>
          </span>
        )}
        {appeal && (
          <span className={styles.mark}>
            <Trans>Appeal</Trans>
          </span>
        )}
        {about.reports > 0 && <span>{plural(about.reports, { one: "# report", other: "# reports" })}</span>}
        {Object.entries(about.reasons).map(([reason, count]) => (
          <span key={reason}>{`${why(reason)}: ${count}`}</span>
        ))}
        <time dateTime={about.opened_at}>{ago(about.opened_at)}</time>
      </p>
      <div className={styles.said}>
        <Reported about={about} />
      </div>
      {appeal && (
        <blockquote className={styles.said}>
          <p className={styles.quiet}>
            <Trans>Its author says:</Trans>
          </p>
          <p>
            <bdi>{appeal}</bdi>
          </p>
        </blockquote>
      )}
      {about.reports > 0 && <Reports about={about} />}
      <div className={styles.acts}>
        {outcomes.map((outcome) => act(outcome, names[outcome]))}
        {about.kind === "comment" && act("lock", t`Lock the thread`)}
        {author && !author.deleted && act("limit", t`Limit the author`)}
      </div>
      {open && open !== "lock" && open !== "limit" && (
        <Say
          key={open}
          label={t`Why, for the log`}
          verb={names[open]}
          most={500}
          sending={decide.isPending}
          error={decide.error}
          onSay={(reason) => decide.mutate({ outcome: open, reason })}
          onLeave={() => setOpen(null)}
        />
      )}
      {about.kind === "comment" && <Lock thread={about.comment.thread} open={open === "lock"} onDone={() => setOpen(null)} />}
      {open === "limit" && author && <Limit person={author} onDone={() => setOpen(null)} />}
    </li>
  );
}

function factsOf(about: Case) {
  if (about.kind === "message") return { hidden: false, author: about.sender, appeal: null, matched: null };
  const said = about.kind === "comment" ? about.comment : about.wave;
  return { hidden: said.state === "hidden", author: said.author, appeal: about.appeal, matched: about.matched };
}

function Lock({ thread, open, onDone }: { thread: string; open: boolean; onDone: () => void }) {
  const lock = useMutation({
    mutationFn: async () => given(await api.PUT("/v1/comments/threads/{thread_id}/lock", { params: { path: { thread_id: thread } } })),
    onSuccess: onDone,
  });
  if (!open) {
    return lock.isSuccess ? (
      <p role="status">
        <Trans>The thread is locked.</Trans>
      </p>
    ) : null;
  }
  return (
    <div className={styles.form}>
      <p>
        <Trans>Then nobody adds to it but the poll's owner and moderators. Whoever may unlock it does so at the poll.</Trans>
      </p>
      {lock.error && <Notice kind="stop">{lock.error.message}</Notice>}
      <div>
        <Button autoFocus aria-disabled={lock.isPending} onClick={() => !lock.isPending && lock.mutate()}>
          <Trans>Lock the comments</Trans>
        </Button>
      </div>
    </div>
  );
}

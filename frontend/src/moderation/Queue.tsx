import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, given, type Schemas } from "../api/client";
import { ago } from "../feed/standing";
import { Person } from "../people/Person";
import { useAccount } from "../session/session";
import { Button } from "../ui/Button";
import { More } from "../ui/More";
import { Notice } from "../ui/Notice";
import { Say } from "../ui/Say";
import { Parts } from "../waves/Parts";
import { Limit } from "./Limits";
import styles from "./Moderation.module.css";
import { Reports, why } from "./Reports";

type Case = Schemas["CaseView"];
type Outcome = Schemas["Decision"]["outcome"];

/** What waits for a moderator, the oldest first: reports, appeals, and what a filter has kept back. */
export function Queue() {
  const account = useAccount();
  const pages = useInfiniteQuery({
    queryKey: ["moderation", "cases", account?.id],
    queryFn: async ({ pageParam: cursor }) => given(await api.GET("/v1/comments/cases", { params: { query: { cursor } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
  });
  const cases = pages.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section aria-label={t`What waits`}>
      {pages.data && cases.length === 0 && !pages.hasNextPage && (
        <Notice>
          <Trans>Nothing waits. Reports, appeals, and comments with filtered words will be here, the oldest first.</Trans>
        </Notice>
      )}
      {cases.length > 0 && (
        <ul className={styles.list}>
          {cases.map((one) => (
            <One key={one.id} about={one} />
          ))}
        </ul>
      )}
      <More pages={pages} />
    </section>
  );
}

type Open = Outcome | "lock" | "limit" | null;

function One({ about }: { about: Case }) {
  const queries = useQueryClient();
  const [open, setOpen] = useState<Open>(null);
  const { comment } = about;
  const hidden = comment.state === "hidden";
  const decide = useMutation({
    mutationFn: async ({ outcome, reason }: { outcome: Outcome; reason: string }) =>
      given(await api.PUT("/v1/comments/cases/{case_id}/decision", { params: { path: { case_id: about.id } }, body: { outcome, reason } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["moderation", "cases"] }),
  });
  const lock = useMutation({
    mutationFn: async () =>
      given(await api.PUT("/v1/comments/threads/{thread_id}/lock", { params: { path: { thread_id: comment.thread } } })),
    onSuccess: () => setOpen(null),
  });
  const names: Record<Outcome, string> = {
    hidden: hidden ? t`Keep it hidden` : t`Hide it`,
    dismissed: t`Leave it as it is`,
    restored: t`Show it`,
  };
  const outcomes: Outcome[] = hidden ? ["restored", "hidden"] : ["hidden", "dismissed"];
  const act = (opens: NonNullable<Open>, name: string) => (
    <Button kind="quiet" aria-expanded={open === opens} onClick={() => setOpen(open === opens ? null : opens)}>
      {name}
    </Button>
  );
  return (
    <li className={styles.case}>
      <p className={styles.facts}>
        {about.matched && (
          <span className={styles.mark}>
            <Trans>Waits: “{about.matched}”</Trans>
          </span>
        )}
        {about.appeal && (
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
      </div>
      {about.appeal && (
        <blockquote className={styles.said}>
          <p className={styles.quiet}>
            <Trans>Its author says:</Trans>
          </p>
          <p>
            <bdi>{about.appeal}</bdi>
          </p>
        </blockquote>
      )}
      {about.reports > 0 && <Reports of={about.id} />}
      <div className={styles.acts}>
        {outcomes.map((outcome) => (
          <span key={outcome}>{act(outcome, names[outcome])}</span>
        ))}
        {act("lock", t`Lock the thread`)}
        {comment.author && !comment.author.deleted && act("limit", t`Limit the author`)}
      </div>
      {(open === "hidden" || open === "dismissed" || open === "restored") && (
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
      {open === "lock" && (
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
      )}
      {lock.isSuccess && open === null && (
        <p role="status">
          <Trans>The thread is locked.</Trans>
        </p>
      )}
      {open === "limit" && comment.author && <Limit person={comment.author} onDone={() => setOpen(null)} />}
    </li>
  );
}

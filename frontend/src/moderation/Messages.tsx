import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, given, type Schemas } from "../api/client";
import { ago } from "../feed/standing";
import { Attachments } from "../messages/Attachments";
import { Person } from "../people/Person";
import { useAccount } from "../session/session";
import { Button } from "../ui/Button";
import { More } from "../ui/More";
import { Notice } from "../ui/Notice";
import { Say } from "../ui/Say";
import { moment } from "../ui/time";
import { Limit } from "./Limits";
import styles from "./Moderation.module.css";
import { Reports, why } from "./Reports";

type Case = Schemas["MessageCase"];
type Outcome = Schemas["MessageDecision"]["outcome"];

/** Messages that their readers have reported, the oldest case first. */
export function Messages() {
  const account = useAccount();
  const pages = useInfiniteQuery({
    queryKey: ["moderation", "messages", account?.id],
    queryFn: async ({ pageParam: cursor }) => given(await api.GET("/v1/messaging/cases", { params: { query: { cursor } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
  });
  const cases = pages.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section aria-label={t`Reported messages`}>
      {pages.data && cases.length === 0 && !pages.hasNextPage && (
        <Notice>
          <Trans>No reported message waits. Who reads a message can report it; the oldest will be the first here.</Trans>
        </Notice>
      )}
      {cases.length > 0 && (
        <>
          <p className={styles.quiet}>
            <Trans>You see each message as it was when it was reported, and nothing else of its conversation.</Trans>
          </p>
          <ul className={styles.list}>
            {cases.map((one) => (
              <One key={one.id} about={one} />
            ))}
          </ul>
        </>
      )}
      <More pages={pages} />
    </section>
  );
}

async function reportsOf(case_id: string, cursor: string | undefined) {
  return given(await api.GET("/v1/messaging/cases/{case_id}/reports", { params: { path: { case_id }, query: { cursor } } }));
}

function One({ about }: { about: Case }) {
  const queries = useQueryClient();
  const [open, setOpen] = useState<Outcome | "limit" | null>(null);
  const decide = useMutation({
    mutationFn: async ({ outcome, reason }: { outcome: Outcome; reason: string }) =>
      given(await api.PUT("/v1/messaging/cases/{case_id}/decision", { params: { path: { case_id: about.id } }, body: { outcome, reason } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["moderation", "messages"] }),
  });
  const names: Record<Outcome, string> = { upheld: t`The report is right`, dismissed: t`Leave it as it is` };
  const act = (opens: NonNullable<typeof open>, name: string) => (
    <Button kind="quiet" aria-expanded={open === opens} onClick={() => setOpen(open === opens ? null : opens)}>
      {name}
    </Button>
  );
  return (
    <li className={styles.case}>
      <p className={styles.facts}>
        <span>{plural(about.reports, { one: "# report", other: "# reports" })}</span>
        {Object.entries(about.reasons).map(([reason, count]) => (
          <span key={reason}>{`${why(reason)}: ${count}`}</span>
        ))}
        <time dateTime={about.opened_at}>{ago(about.opened_at)}</time>
      </p>
      <div className={styles.said}>
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
      </div>
      <Reports of={about.id} read={reportsOf} />
      <div className={styles.acts}>
        {act("upheld", names.upheld)}
        {act("dismissed", names.dismissed)}
        {!about.sender.deleted && act("limit", t`Limit the sender`)}
      </div>
      {(open === "upheld" || open === "dismissed") && (
        <Say
          key={open}
          label={t`Why; it is kept with the case`}
          verb={names[open]}
          most={500}
          sending={decide.isPending}
          error={decide.error}
          onSay={(reason) => decide.mutate({ outcome: open, reason })}
          onLeave={() => setOpen(null)}
        />
      )}
      {open === "limit" && <Limit person={about.sender} onDone={() => setOpen(null)} />}
    </li>
  );
}

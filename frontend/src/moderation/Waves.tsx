import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, given, type Schemas } from "../api/client";
import { pollsOf, useCards } from "../feed/cards";
import { ago } from "../feed/standing";
import { useAccount } from "../session/session";
import { Button } from "../ui/Button";
import { More } from "../ui/More";
import { Notice } from "../ui/Notice";
import { Say } from "../ui/Say";
import { Original, Said } from "../waves/WaveItem";
import { Limit } from "./Limits";
import styles from "./Moderation.module.css";
import { Reports, why } from "./Reports";

type Case = Schemas["WaveCase"];
type Outcome = Schemas["WaveDecision"]["outcome"];

/** Waves that wait for a moderator, the oldest first: reported ones, appeals, and what a filter has kept back. */
export function Waves() {
  const account = useAccount();
  const pages = useInfiniteQuery({
    queryKey: ["moderation", "waves", account?.id],
    queryFn: async ({ pageParam: cursor }) => given(await api.GET("/v1/expressions/cases", { params: { query: { cursor } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
  });
  const cases = pages.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section aria-label={t`Waves`}>
      {pages.data && cases.length === 0 && !pages.hasNextPage && (
        <Notice>
          <Trans>No Wave waits. Reported ones, appeals, and Waves with filtered words will be here, the oldest first.</Trans>
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

async function reportsOf(case_id: string, cursor: string | undefined) {
  return given(await api.GET("/v1/expressions/cases/{case_id}/reports", { params: { path: { case_id }, query: { cursor } } }));
}

function One({ about }: { about: Case }) {
  const queries = useQueryClient();
  const [open, setOpen] = useState<Outcome | "limit" | null>(null);
  const { wave } = about;
  const cards = useCards(pollsOf([wave]));
  const hidden = wave.state === "hidden";
  const decide = useMutation({
    mutationFn: async ({ outcome, reason }: { outcome: Outcome; reason: string }) =>
      given(await api.PUT("/v1/expressions/cases/{case_id}/decision", { params: { path: { case_id: about.id } }, body: { outcome, reason } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["moderation", "waves"] }),
  });
  const names: Record<Outcome, string> = {
    hidden: hidden ? t`Keep it hidden` : t`Hide it`,
    dismissed: t`Leave it as it is`,
    restored: t`Show it`,
  };
  const outcomes: Outcome[] = hidden ? ["restored", "hidden"] : ["hidden", "dismissed"];
  const act = (opens: NonNullable<typeof open>, name: string) => (
    <Button key={opens} kind="quiet" aria-expanded={open === opens} onClick={() => setOpen(open === opens ? null : opens)}>
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
        <Said wave={wave} cards={cards} />
        {wave.ripple_of && <Original wave={wave.original} cards={cards} />}
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
      {about.reports > 0 && <Reports of={about.id} read={reportsOf} />}
      <div className={styles.acts}>
        {outcomes.map((outcome) => act(outcome, names[outcome]))}
        {!wave.author.deleted && act("limit", t`Limit the author`)}
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
      {open === "limit" && <Limit person={wave.author} onDone={() => setOpen(null)} />}
    </li>
  );
}

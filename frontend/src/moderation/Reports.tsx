import { msg, t } from "@lingui/core/macro";
import { i18n } from "@lingui/core";
import { Trans } from "@lingui/react/macro";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ago } from "../feed/standing";
import { Person } from "../people/Person";
import { Button } from "../ui/Button";
import { More } from "../ui/More";
import { type Case, services } from "./kinds";
import styles from "./Moderation.module.css";

const reasons = {
  abuse: msg`attack or threat`,
  spam: msg`spam`,
  illegal: msg`against the law`,
  off_topic: msg`off the topic`,
  other: msg`something else`,
};

export function why(reason: string): string {
  return reason in reasons ? i18n._(reasons[reason as keyof typeof reasons]) : reason;
}

/** Who has reported something, and why; read when somebody wants to know. */
export function Reports({ about }: { about: Case }) {
  const [open, setOpen] = useState(false);
  const pages = useInfiniteQuery({
    queryKey: ["moderation", "reports", about.id],
    queryFn: ({ pageParam: cursor }) => services[about.kind].reports(about.id, cursor),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    enabled: open,
  });
  const reports = pages.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div>
      <Button kind="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? <Trans>Hide the reports</Trans> : <Trans>Read the reports</Trans>}
      </Button>
      {open && (
        <ul aria-label={t`Reports`}>
          {reports.map((report) => (
            <li key={report.reporter.id} className={styles.row}>
              <span>
                <Person person={report.reporter} />: {why(report.reason)}
                {report.note && (
                  <>
                    {" · "}
                    <bdi>{report.note}</bdi>
                  </>
                )}
              </span>
              <time className={styles.quiet} dateTime={report.at}>
                {ago(report.at)}
              </time>
            </li>
          ))}
        </ul>
      )}
      {open && <More pages={pages} />}
    </div>
  );
}

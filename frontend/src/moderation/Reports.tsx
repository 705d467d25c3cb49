import { msg, t } from "@lingui/core/macro";
import { i18n } from "@lingui/core";
import { Trans } from "@lingui/react/macro";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, given, type Schemas } from "../api/client";
import { ago } from "../feed/standing";
import { Person } from "../people/Person";
import { Button } from "../ui/Button";
import { More } from "../ui/More";
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

type Report = Schemas["ReportView"] | Schemas["MessageReportView"];
type Read = (of: string, cursor: string | undefined) => Promise<{ items: Report[]; next: string | null }>;

const ofComments: Read = async (of, cursor) =>
  given(await api.GET("/v1/comments/cases/{case_id}/reports", { params: { path: { case_id: of }, query: { cursor } } }));

/** Who has reported a comment, or what `read` asks for, and why; read when somebody wants to know. */
export function Reports({ of, read = ofComments }: { of: string; read?: Read }) {
  const [open, setOpen] = useState(false);
  const pages = useInfiniteQuery({
    queryKey: ["moderation", "reports", of],
    queryFn: ({ pageParam: cursor }) => read(of, cursor),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
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

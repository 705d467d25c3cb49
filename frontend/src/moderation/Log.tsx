import { i18n } from "@lingui/core";
import { msg, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useInfiniteQuery } from "@tanstack/react-query";
import { api, given } from "../api/client";
import { ago } from "../feed/standing";
import { Person } from "../people/Person";
import { useAccount } from "../session/session";
import { More } from "../ui/More";
import { Notice } from "../ui/Notice";
import styles from "./Moderation.module.css";

const acts = {
  "filter.added": msg`added the filter`,
  "filter.removed": msg`removed the filter`,
  "account.limited": msg`limited an account`,
  "account.unlimited": msg`limited an account no longer`,
};

/** What moderators did to filters and limits. */
export function Log() {
  const account = useAccount();
  const pages = useInfiniteQuery({
    queryKey: ["moderation", "log", account?.id],
    queryFn: async ({ pageParam: cursor }) =>
      given(await api.GET("/v1/comments/moderation-log", { params: { query: { cursor } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
  });
  const entries = pages.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section aria-label={t`Log`}>
      {pages.data && entries.length === 0 && !pages.hasNextPage && (
        <Notice>
          <Trans>Nothing was done yet. Nobody can change what will be here.</Trans>
        </Notice>
      )}
      {entries.length > 0 && (
        <ul>
          {entries.map((entry) => {
            const details = entry.details as Record<string, string | undefined>;
            return (
              <li key={entry.position} className={styles.row}>
                <span>
                  {entry.actor ? <Person person={entry.actor} /> : <Trans>The system</Trans>}
                  {": "}
                  {entry.act in acts ? i18n._(acts[entry.act as keyof typeof acts]) : entry.act}{" "}
                  {details.words && <bdi>“{details.words}”</bdi>} {details.reason && <bdi>{details.reason}</bdi>}
                </span>
                <time className={styles.quiet} dateTime={entry.at}>
                  {ago(entry.at)}
                </time>
              </li>
            );
          })}
        </ul>
      )}
      <More pages={pages} />
    </section>
  );
}

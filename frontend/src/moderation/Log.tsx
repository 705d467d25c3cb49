import { i18n } from "@lingui/core";
import { msg, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, given, type Schemas } from "../api/client";
import { ago } from "../feed/standing";
import { Person } from "../people/Person";
import { useAccount } from "../session/session";
import { Choice } from "../ui/Choice";
import { More } from "../ui/More";
import { Notice } from "../ui/Notice";
import { type Source, useMerged } from "./merged";
import styles from "./Moderation.module.css";
import { Silent } from "./Silent";

const acts = {
  "filter.added": msg`added the filter`,
  "filter.removed": msg`removed the filter`,
  "account.limited": msg`limited an account`,
  "account.unlimited": msg`limited an account no longer`,
  "case.hidden": msg`hid a Wave`,
  "case.dismissed": msg`left a Wave as it is`,
  "case.restored": msg`showed a Wave again`,
};

type Entry = Schemas["ModerationLogEntry"] & { wave?: string };

const names = { rules: msg`Filters and limits`, waves: msg`Waves` };
type Part = keyof typeof names;
const parts = Object.keys(names) as Part[];
const logs: Record<Part, Source<Entry>> = {
  rules: async (cursor) => given(await api.GET("/v1/comments/moderation-log", { params: { query: { cursor } } })),
  waves: async (cursor) => given(await api.GET("/v1/expressions/moderation-log", { params: { query: { cursor } } })),
};

/** What moderators did to filters, limits and Waves, the latest first. */
export function Log() {
  const account = useAccount();
  const [part, setPart] = useState<Part | "">("");
  const sources = part ? { [part]: logs[part] } : logs;
  const { pages, items, silent } = useMerged<Entry>(["moderation", "log", account?.id, part], sources, (one, other) => Date.parse(one.at) > Date.parse(other.at));
  return (
    <section aria-label={t`Log`}>
      <div className={styles.filter}>
        <Choice label={t`Show`} name="part" value={part} onChange={(value) => setPart(value as Part | "")}>
          <option value="">{t`All that was done`}</option>
          {parts.map((one) => (
            <option key={one} value={one}>
              {i18n._(names[one])}
            </option>
          ))}
        </Choice>
      </div>
      <Silent names={silent.map((one) => i18n._(names[one as Part]))} pages={pages} />
      {pages.data && items.length === 0 && !pages.hasNextPage && silent.length === 0 && (
        <Notice>
          <Trans>Nothing was done yet. Nobody can change what will be here.</Trans>
        </Notice>
      )}
      {items.length > 0 && (
        <ul aria-label={t`What was done`}>
          {items.map((entry) => {
            const details = entry.details as Record<string, string | undefined>;
            return (
              <li key={`${entry.wave ? "waves" : "rules"}-${entry.position}`} className={styles.row}>
                <span>
                  {entry.actor ? <Person person={entry.actor} /> : <Trans>The system</Trans>}
                  {": "}
                  {entry.act in acts ? i18n._(acts[entry.act as keyof typeof acts]) : entry.act}{" "}
                  {details.words && <bdi>“{details.words}”</bdi>}
                  {details.reason && (
                    <>
                      {" · "}
                      <bdi>{details.reason}</bdi>
                    </>
                  )}{" "}
                  {entry.wave && (
                    <Link to="/waves/$id" params={{ id: entry.wave }}>
                      <Trans>See the Wave</Trans>
                    </Link>
                  )}
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

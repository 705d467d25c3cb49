import { i18n, type MessageDescriptor } from "@lingui/core";
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
import { type Kind, kinds } from "./kind";
import { at, marked } from "./kinds";
import { type Source, useMerged } from "./merged";
import styles from "./Moderation.module.css";
import { Silent } from "./Silent";

const acts: Record<string, MessageDescriptor> = {
  "filter.added": msg`added the filter`,
  "filter.removed": msg`removed the filter`,
  "account.limited": msg`limited an account`,
  "account.unlimited": msg`limited an account no longer`,
  "thread.locked": msg`locked a thread`,
  "thread.unlocked": msg`unlocked a thread`,
  "comment.hidden": msg`hid a comment`,
  "comment.restored": msg`showed a comment again`,
  "comment.pinned": msg`pinned a comment`,
  "comment.unpinned": msg`unpinned a comment`,
};

const decided: Record<Kind, Record<string, MessageDescriptor>> = {
  comment: {
    "case.hidden": msg`hid a comment`,
    "case.dismissed": msg`left a comment as it is`,
    "case.restored": msg`showed a comment again`,
  },
  wave: {
    "case.hidden": msg`hid a Wave`,
    "case.dismissed": msg`left a Wave as it is`,
    "case.restored": msg`showed a Wave again`,
  },
  message: {
    "case.upheld": msg`found a report of a message right`,
    "case.dismissed": msg`found a report of a message wrong`,
  },
};

type Entry = Omit<Schemas["ModerationLogEntry"], "comment"> & { kind: Kind; comment?: string | null; wave?: string };

const names: Record<Kind, MessageDescriptor> = {
  comment: msg`Comments, filters and limits`,
  wave: msg`Waves`,
  message: msg`Messages`,
};
const logs: Record<Kind, Source<Entry>> = {
  comment: async (cursor) => marked("comment", given(await api.GET("/v1/comments/moderation-log", at(cursor)))),
  wave: async (cursor) => marked("wave", given(await api.GET("/v1/expressions/moderation-log", at(cursor)))),
  message: async (cursor) => marked("message", given(await api.GET("/v1/messaging/moderation-log", at(cursor)))),
};

/** What moderators did: to filters and limits, and what they decided about comments, Waves and messages. */
export function Log() {
  const account = useAccount();
  const [part, setPart] = useState<Kind | "">("");
  const sources = part ? { [part]: logs[part] } : logs;
  const { pages, items, silent } = useMerged<Entry>(["moderation", "log", account?.id, part], sources, (one, other) => Date.parse(one.at) > Date.parse(other.at));
  return (
    <section aria-label={t`Log`}>
      <div className={styles.filter}>
        <Choice label={t`Show`} name="part" value={part} onChange={(value) => setPart(value as Kind | "")}>
          <option value="">{t`All that was done`}</option>
          {kinds.map((one) => (
            <option key={one} value={one}>
              {i18n._(names[one])}
            </option>
          ))}
        </Choice>
      </div>
      <Silent names={silent.map((one) => i18n._(names[one as Kind]))} pages={pages} />
      {pages.data && items.length === 0 && !pages.hasNextPage && silent.length === 0 && (
        <Notice>
          <Trans>Nothing was done yet. Nobody can change what will be here.</Trans>
        </Notice>
      )}
      {items.length > 0 && (
        <ul aria-label={t`What was done`}>
          {items.map((entry) => {
            const details = entry.details as Record<string, string | undefined>;
            const act = decided[entry.kind][entry.act] ?? acts[entry.act];
            return (
              <li key={`${entry.kind}-${entry.position}`} className={styles.row}>
                <span>
                  {entry.actor ? <Person person={entry.actor} /> : <Trans>The system</Trans>}
                  {": "}
                  {act ? i18n._(act) : entry.act}{" "}
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
                  {details.thread && (
                    <Link to="/polls/$id" params={{ id: details.thread }} search={entry.comment ? { comment: entry.comment } : {}}>
                      {entry.comment ? <Trans>See it in its thread</Trans> : <Trans>See the thread</Trans>}
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

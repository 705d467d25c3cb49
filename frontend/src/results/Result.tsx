import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Suspense, useState } from "react";
import { api, given, type Poll } from "../api/client";
import type { Live, Sums } from "../live/messages";
import { useAccount } from "../session/session";
import { forBoth } from "../people/times";
import { ProblemNotice } from "../ui/Notice";
import { part } from "../ui/part";
import { Bars } from "./bars/Bars";
import styles from "./Result.module.css";
import { found, standing, undecided } from "./sentence";
import { hiddenBecause } from "./hidden";

const Files = part(async () => (await import("./Files")).Files);
const Details = part(async () => (await import("./Details")).Details);

/** A poll's result: a sentence, bars, then how it came about. */
export function Result({ poll, live }: { poll: Poll; live: Live }) {
  return (
    <section className={styles.result} aria-labelledby="result">
      <h2 id="result">{live.sums?.status === "final" ? t`Result` : t`Result so far`}</h2>
      {live.sums ? <Seen poll={poll} sums={live.sums} /> : <Unseen poll={poll} live={live} />}
      {!live.connected && (live.sums || live.hidden) && (
        <p className={styles.away} role="status">
          <Trans>The connection is lost; these may be old. Trying again …</Trans>
        </p>
      )}
    </section>
  );
}

function Unseen({ poll, live }: { poll: Poll; live: Live }) {
  if (!live.hidden) return <p className={styles.quiet}><Trans>Waiting for the first numbers …</Trans></p>;
  const { shownAt } = live.hidden;
  return (
    <p className={styles.hidden}>
      {hiddenBecause(live.hidden)}
      {shownAt && <> {t`They will be shown on ${forBoth(shownAt, poll.time_zone, poll.owner)}.`}</>}
    </p>
  );
}

function Seen({ poll, sums }: { poll: Poll; sums: Sums }) {
  const [open, setOpen] = useState(false);
  const [files, setFiles] = useState(false);
  const account = useAccount()?.id;
  const final = sums.status === "final";
  const byCount = !!undecided(poll.method.type);
  const full = useQuery({
    queryKey: ["result", poll.id, sums.seq, sums.status, account],
    queryFn: async () =>
      given(await api.GET("/v1/votebooth/polls/{poll_id}/results", { params: { path: { poll_id: poll.id } } })),
    enabled: final || open, // a hall that votes doesn't ask for a count at each vote
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <>
      <p className={styles.sentence} aria-live="polite">
        {full.data && (final || byCount) ? found(full.data) : standing(sums)}
      </p>
      {byCount && (
        <p className={styles.quiet}>
          {undecided(poll.method.type)}
        </p>
      )}
      <Bars sums={sums} />
      <p className={styles.quiet}>
        {plural(sums.ballots, { one: "# ballot", other: "# ballots" })}
        {sums.abstentions > 0 &&
          plural(sums.abstentions, { one: ", # of them without a preference", other: ", # of them without a preference" })}
        {sums.quorum && (sums.quorum.reached ? t`; the quorum of ${sums.quorum.needed} is reached` : t`; the quorum of ${sums.quorum.needed} is not yet reached`)}
        {!final && t`. Provisional: voting goes on.`}
      </p>
      {byCount && (
        <details onToggle={(event) => setOpen(event.currentTarget.open)} className={styles.details}>
          <summary><Trans>How it came about</Trans></summary>
          {full.error && <ProblemNotice error={full.error} />}
          {open && full.data && (
            <Suspense>
              <Details result={full.data} />
            </Suspense>
          )}
        </details>
      )}
      {final && (
        <details onToggle={(event) => setFiles(event.currentTarget.open)} className={styles.details}>
          <summary><Trans>Download the ballots</Trans></summary>
          {files && (
            <Suspense>
              <Files poll={poll} />
            </Suspense>
          )}
        </details>
      )}
    </>
  );
}

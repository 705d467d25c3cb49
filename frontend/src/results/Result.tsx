import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Suspense, useState } from "react";
import { api, given, type Poll } from "../api/client";
import type { Live, Sums } from "../live/messages";
import { useAccount } from "../session/session";
import { ProblemNotice } from "../ui/Notice";
import { part } from "../ui/part";
import { Bars } from "./bars/Bars";
import styles from "./Result.module.css";
import { found, standing, undecided } from "./sentence";

const Files = part(async () => (await import("./Files")).Files);
const Details = part(async () => (await import("./Details")).Details);

/** A poll's result: a sentence, bars, then how it came about. */
export function Result({ poll, live }: { poll: Poll; live: Live }) {
  return (
    <section className={styles.result} aria-labelledby="result">
      <h2 id="result">{live.sums?.status === "final" ? "Result" : "Result so far"}</h2>
      {live.sums ? <Seen poll={poll} sums={live.sums} /> : <Unseen live={live} />}
      {!live.connected && (live.sums || live.hidden) && (
        <p className={styles.away} role="status">
          The connection is lost; these may be old. Trying again …
        </p>
      )}
    </section>
  );
}

function Unseen({ live }: { live: Live }) {
  if (!live.hidden) return <p className={styles.quiet}>Waiting for the first numbers …</p>;
  const at = live.hidden.shownAt && new Date(live.hidden.shownAt);
  return (
    <p className={styles.hidden}>
      {live.hidden.detail}
      {at && ` They will be shown on ${at.toLocaleString("en", { dateStyle: "long", timeStyle: "short" })}.`}
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
        {sums.ballots === 1 ? "1 ballot" : `${sums.ballots} ballots`}
        {sums.abstentions > 0 && `, ${sums.abstentions} of them without a preference`}
        {sums.quorum && `; the quorum of ${sums.quorum.needed} is ${sums.quorum.reached ? "" : "not yet "}reached`}
        {!final && ". Provisional: voting goes on."}
      </p>
      {byCount && (
        <details onToggle={(event) => setOpen(event.currentTarget.open)} className={styles.details}>
          <summary>How it came about</summary>
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
          <summary>Download the ballots</summary>
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

import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { lazy, Suspense, useEffect, useRef } from "react";
import type { BallotBody, Poll } from "../api/client";
import { useAccount } from "../session/session";
import { Button } from "../ui/Button";
import { Copy } from "../ui/Copy";
import styles from "./Counted.module.css";
import { listed } from "../words/format";

const PushOffer = lazy(async () => ({ default: (await import("../notifications/PushOffer")).PushOffer }));

type Props = {
  poll: Poll;
  ballot: BallotBody | null;
  receipt: string | null;
  open: boolean;
  onChange: () => void;
};

/** What a voter sees once the server has acknowledged their ballot, and never before. */
export function Counted({ poll, ballot, receipt, open, onChange }: Props) {
  const account = useAccount();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // The button that cast it is gone; somebody who went on in the meantime, to write a comment, stays there.
    if (document.activeElement === document.body) heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <section className={styles.counted} aria-labelledby="counted">
      <h2 id="counted" tabIndex={-1} ref={heading}>
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d="m5 12.5 4.5 4.5L19 7.5" fill="none" stroke="currentColor" strokeWidth="3" strokeLinecap="round" strokeLinejoin="round" />
        </svg>
        <Trans>Your vote is counted</Trans>
      </h2>
      {ballot && <p>{told(poll, ballot)}</p>}
      {receipt && (
        <p className={styles.receipt}>
          <Trans>Receipt <code>{receipt}</code>
          <span>Keep it: with it you can check at any time that your vote is among those counted.</span></Trans>
        </p>
      )}
      {receipt && (
        <div className={styles.acts}>
          <Copy text={receipt} name={t`Copy the receipt`} />
        </div>
      )}
      {open && poll.rules.change ? (
        <p>
          <Button kind="quiet" onClick={onChange}>
            <Trans>Change my vote</Trans>
          </Button>
        </p>
      ) : (
        <p className={styles.quiet}>{open ? t`In this poll a vote can't be changed.` : t`Voting is over.`}</p>
      )}
      {open && account?.kind === "user" && (
        <Suspense>
          <PushOffer account={account.id} />
        </Suspense>
      )}
    </section>
  );
}

function told(poll: Poll, ballot: BallotBody): string {
  const label = (id: number | string) => poll.options.find((option) => option.id === Number(id))?.label ?? "";
  if (ballot.abstain) return t`You abstained.`;
  if (ballot.picks) return t`You voted for ${listed(ballot.picks.map(label))}.`;
  if (ballot.ranking) {
    const places = ballot.ranking.map((tied, place) => `${place + 1}. ${[tied].flat().map(label).join(" = ")}`);
    return t`You ranked ${places.join(", ")}.`;
  }
  const given = Object.entries(ballot.scores ?? ballot.points ?? {}).sort(([, a], [, b]) => b - a);
  return t`You gave ${listed(given.map(([id, amount]) => `${label(id)} ${amount}`))}.`;
}

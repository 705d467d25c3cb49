import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { type FormEvent, useMemo, useState } from "react";
import type { BallotBody, Poll } from "../api/client";
import { Button } from "../ui/Button";
import { useUnsent } from "../offline/unsent";
import type { Casting } from "../outbox/useCasting";
import { Notice, ProblemNotice } from "../ui/Notice";
import styles from "./Ballot.module.css";
import { blank, bodyOf, filled, type Marks, marksOf, missing } from "./rules";
import { Sheet } from "./Sheet";

type Props = {
  poll: Poll;
  /** The ballot that this one replaces. */
  before: BallotBody | null;
  casting: Casting;
  onCast: (body: BallotBody) => void;
  onTakeBack: () => void;
};

function shuffled<T>(items: T[]): T[] {
  const mixed = [...items];
  for (let last = mixed.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [mixed[last], mixed[other]] = [mixed[other] as T, mixed[last] as T];
  }
  return mixed;
}

function said({ state }: Casting): string {
  if (state === "sending") return t`Your vote is under way …`;
  return state === "waiting" ? t`Waiting for a connection …` : "";
}

/** A quiet sheet of paper: the rule, the options, what is missing, and a bar that casts. */
export function Ballot({ poll, before, casting, onCast, onTakeBack }: Props) {
  const known = casting.ballot ?? before;
  const [marks, setMarks] = useState<Marks>(known ? marksOf(known) : blank);
  const underWay = casting.state === "sending" || casting.state === "waiting";

  // A ballot that was left waiting by a page that was closed shows as it was filled in.
  const [shown, setShown] = useState(known);
  if (casting.ballot && casting.ballot !== shown) {
    setShown(casting.ballot);
    setMarks(marksOf(casting.ballot));
  }
  const [begun, setBegun] = useState(false);
  useUnsent(begun || underWay);
  const options = useMemo(() => (poll.random_order ? shuffled(poll.options) : poll.options), [poll]);
  const lacking = missing(poll.method, marks);

  function mark(next: Marks) {
    setBegun(true);
    setMarks(next);
  }

  function cast(event: FormEvent) {
    event.preventDefault();
    if (!lacking && !underWay) onCast(bodyOf(poll.method, marks));
  }

  return (
    <form onSubmit={cast} className={styles.sheet} aria-label={t`Ballot`}>
      <Sheet title={poll.title} method={poll.method} options={options} marks={marks} disabled={underWay} onChange={mark} />
      {casting.state === "refused" && casting.error && (
        <ProblemNotice error={casting.error} kept={t`Your ballot isn't counted. It is still filled in here.`} />
      )}
      {casting.state === "waiting" && (
        <Notice kind="stop">
          <p><Trans>There is no connection to VoteWave. Your ballot isn't counted yet.</Trans></p>
          <p><Trans>It is kept in this browser and sent by itself as soon as there is one.</Trans></p>
        </Notice>
      )}
      <div className={styles.bar}>
        <p role="status">{said(casting) || lacking || filled(poll.method, marks, poll.options.length)}</p>
        {casting.state === "waiting" && casting.ballot ? (
          <>
            <Button onClick={() => casting.ballot && onCast(casting.ballot)}><Trans>Send it now</Trans></Button>
            <Button kind="quiet" onClick={onTakeBack}>
              <Trans>Don't send it</Trans>
            </Button>
          </>
        ) : (
          <>
            <Button type="submit" disabled={!!lacking || underWay}>
              {before ? t`Change my vote` : t`Cast my vote`}
            </Button>
            {poll.rules.abstain && (
              <Button kind="quiet" disabled={underWay} onClick={() => onCast({ abstain: true })}>
                <Trans>Abstain</Trans>
              </Button>
            )}
          </>
        )}
      </div>
    </form>
  );
}

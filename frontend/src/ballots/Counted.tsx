import type { BallotBody, Poll } from "../api/client";
import { Button } from "../ui/Button";
import styles from "./Counted.module.css";

type Props = {
  poll: Poll;
  ballot: BallotBody | null;
  receipt: string | null;
  open: boolean;
  onChange: () => void;
};

/** What a voter sees once the server has acknowledged their ballot, and never before. */
export function Counted({ poll, ballot, receipt, open, onChange }: Props) {
  return (
    <section className={styles.counted} aria-labelledby="counted">
      <h2 id="counted" tabIndex={-1} ref={(heading) => heading?.focus({ preventScroll: true })}>
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d="m5 12.5 4.5 4.5L19 7.5" fill="none" stroke="currentColor" strokeWidth="3" strokeLinecap="round" strokeLinejoin="round" />
        </svg>
        Your vote is counted
      </h2>
      {ballot && <p>{told(poll, ballot)}</p>}
      {receipt && (
        <p className={styles.receipt}>
          Receipt <code>{receipt}</code>
          <span>Keep it: with it you can check at any time that your vote is among those counted.</span>
        </p>
      )}
      {open && poll.rules.change ? (
        <p>
          <Button kind="quiet" onClick={onChange}>
            Change my vote
          </Button>
        </p>
      ) : (
        <p className={styles.quiet}>{open ? "In this poll a vote can't be changed." : "Voting is over."}</p>
      )}
    </section>
  );
}

function told(poll: Poll, ballot: BallotBody): string {
  const label = (id: number | string) => poll.options.find((option) => option.id === Number(id))?.label ?? "";
  const list = new Intl.ListFormat("en");
  if (ballot.abstain) return "You abstained.";
  if (ballot.picks) return `You voted for ${list.format(ballot.picks.map(label))}.`;
  if (ballot.ranking) {
    return `You ranked ${ballot.ranking.map((tied, place) => `${place + 1}. ${[tied].flat().map(label).join(" = ")}`).join(", ")}.`;
  }
  const given = Object.entries(ballot.scores ?? ballot.points ?? {}).sort(([, a], [, b]) => b - a);
  return `You gave ${list.format(given.map(([id, amount]) => `${label(id)} ${amount}`))}.`;
}

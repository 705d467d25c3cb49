import { type FormEvent, useMemo, useState } from "react";
import type { BallotBody, Poll } from "../api/client";
import { Button } from "../ui/Button";
import { ProblemNotice } from "../ui/Notice";
import styles from "./Ballot.module.css";
import { Picks } from "./picks/Picks";
import { Points } from "./points/Points";
import { Ranking } from "./ranking/Ranking";
import { blank, bodyOf, filled, kindOf, type Marks, marksOf, missing, sentence } from "./rules";
import { Scores } from "./scores/Scores";

const forms = { picks: Picks, scores: Scores, ranking: Ranking, points: Points };

type Props = {
  poll: Poll;
  /** The ballot that this one replaces. */
  before: BallotBody | null;
  casting: boolean;
  error: Error | null;
  onCast: (body: BallotBody) => void;
};

function shuffled<T>(items: T[]): T[] {
  const mixed = [...items];
  for (let last = mixed.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [mixed[last], mixed[other]] = [mixed[other] as T, mixed[last] as T];
  }
  return mixed;
}

/** A quiet sheet of paper: the rule, the options, what is missing, and a bar that casts. */
export function Ballot({ poll, before, casting, error, onCast }: Props) {
  const [marks, setMarks] = useState<Marks>(before ? marksOf(before) : blank);
  const options = useMemo(() => (poll.random_order ? shuffled(poll.options) : poll.options), [poll]);
  const Form = forms[kindOf(poll.method)];
  const lacking = missing(poll.method, marks);

  function cast(event: FormEvent) {
    event.preventDefault();
    if (!lacking && !casting) onCast(bodyOf(poll.method, marks));
  }

  return (
    <form onSubmit={cast} className={styles.sheet} aria-label="Ballot">
      <p id="rule" className={styles.rule}>
        {sentence(poll.method, poll.options.length)}
      </p>
      <fieldset aria-describedby="rule" disabled={casting}>
        <legend className="visually-hidden">{poll.title}</legend>
        <Form method={poll.method} options={options} marks={marks} onChange={setMarks} />
      </fieldset>
      {error && <ProblemNotice error={error} kept="Your ballot isn't counted yet. It is still filled in here." />}
      <div className={styles.bar}>
        <p role="status">{casting ? "Your vote is under way …" : lacking || filled(poll.method, marks, poll.options.length)}</p>
        <Button type="submit" disabled={!!lacking || casting}>
          {before ? "Change my vote" : "Cast my vote"}
        </Button>
        {poll.rules.abstain && (
          <Button kind="quiet" disabled={casting} onClick={() => onCast({ abstain: true })}>
            Abstain
          </Button>
        )}
      </div>
    </form>
  );
}

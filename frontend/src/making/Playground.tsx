import { i18n } from "@lingui/core";
import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { BallotBody, Results } from "../api/client";
import { blank, bodyOf, type Marks, type Method, missing, nameOf } from "../ballots/rules";
import { Sheet } from "../ballots/Sheet";
import { Bars } from "../results/bars/Bars";
import { Details } from "../results/Details";
import { found, undecided } from "../results/sentence";
import { Button } from "../ui/Button";
import { ProblemNotice } from "../ui/Notice";
import styles from "./Making.module.css";
import { plain, stakes, type Type } from "./methods";
import { ballotOf, fileOf, fitted, groups, inWords, options, sizes } from "./sample";
import { countOf, useCount } from "./useCount";

const MOST = 15;

/** A ballot to play with, among made-up ones; the server counts them as it counts polls. */
export function Playground({ method: chosen }: { method: Method }) {
  const method = fitted(chosen);
  const title = t`Where shall we have lunch?`;
  const [shown] = useState(options);
  const [marks, setMarks] = useState<Marks>(blank);
  const [people, setPeople] = useState(sizes);
  const [alike, setAlike] = useState(1);
  const filled = !missing(method, marks);
  const others = groups.map(({ likes }, place) => ({ choice: ballotOf(method, likes), count: people[place] ?? 0 }));
  const mine = filled ? [{ choice: bodyOf(method, marks), count: alike }] : [];
  const counted = useCount(method.type, fileOf(method, [...others, ...mine]));

  return (
    <div className={styles.play}>
      <p className={styles.mark}><Trans>An example: made-up people, real counting. Nothing of it is kept.</Trans></p>
      <h4><Trans>Your ballot: {title}</Trans></h4>
      <Sheet title={title} method={method} options={shown} marks={marks} onChange={setMarks} />
      <Slider label={t`People who vote as you do`} value={alike} onChange={setAlike} least={1} />
      <h4><Trans>The others</Trans></h4>
      <ul className={styles.groups}>
        {groups.map(({ name }, place) => (
          <li key={place}>
            <Slider
              label={i18n._(name)}
              hint={inWords(others[place]?.choice ?? {})}
              value={people[place] ?? 0}
              onChange={(size) => setPeople(people.map((old, at) => (at === place ? size : old)))}
            />
          </li>
        ))}
      </ul>
      <section aria-label={t`Result of the example`} className={styles.outcome}>
        <p className={styles.sentence} role="status" data-behind={counted.behind}>
          {counted.data ? found(counted.data) : counted.error ? "" : t`Counting …`}
        </p>
        {!filled && <p className={styles.quiet}><Trans>Yours isn't filled in yet: these are the others alone.</Trans></p>}
        {counted.failureCount > 0 && !counted.error && (
          <p className={styles.quiet}><Trans>You have counted often; the next count comes in a moment.</Trans></p>
        )}
        {counted.error && <ProblemNotice error={counted.error} />}
        {counted.data && <Shown result={counted.data} />}
      </section>
      <Compare people={people} />
    </div>
  );
}

function Shown({ result }: { result: Results }) {
  return (
    <>
      {undecided(result.method.type) && <p className={styles.quiet}>{undecided(result.method.type)}</p>}
      <Bars sums={result} />
      {undecided(result.method.type) && (
        <details className={styles.details}>
          <summary><Trans>How it came about</Trans></summary>
          <Details result={result} />
        </details>
      )}
    </>
  );
}

type SliderProps = { label: string; hint?: string; value: number; least?: number; onChange: (value: number) => void };

function Slider({ label, hint, value, least = 0, onChange }: SliderProps) {
  return (
    <label className={styles.slider}>
      <span>
        {label} <strong>{value}</strong>
        {hint && <span className={styles.quiet}> {hint}</span>}
      </span>
      <input type="range" min={least} max={MOST} value={value} onChange={(event) => onChange(Number(event.target.value))} />
    </label>
  );
}

/** Who would win by each method, if the same people voted. */
function Compare({ people }: { people: number[] }) {
  const queries = useQueryClient();
  const [told, tell] = useState<{ of: number[]; found: [Type, string][]; error: Error | null } | null>(null);
  const current = told?.of === people ? told : null;
  const types = stakes.flatMap((stake) => stake.methods).filter((type) => type !== "stv");
  const busy = !!current && !current.error && current.found.length < types.length;

  async function compare() {
    const found_: [Type, string][] = [];
    const say = (error: Error | null = null) => tell({ of: people, found: [...found_], error });
    say();
    try {
      for (const type of types) {
        const method = plain(type);
        const ballots: { choice: BallotBody; count: number }[] = groups.map(({ likes }, place) => ({
          choice: ballotOf(method, likes),
          count: people[place] ?? 0,
        }));
        const result = await queries.fetchQuery(countOf(type, fileOf(method, ballots)));
        found_.push([type, found(result)]);
        say();
      }
    } catch (error) {
      say(error as Error);
    }
  }

  return (
    <section aria-label={t`The same people by each method`} className={styles.compare}>
      <div>
        <Button kind="quiet" aria-disabled={busy} onClick={() => !busy && void compare()}>
          {busy ? t`Counting …` : t`Who would win by each method?`}
        </Button>
      </div>
      {current && current.found.length > 0 && (
        <table className={styles.table}>
          <caption><Trans>The same made-up people, without you, by each method</Trans></caption>
          <tbody>
            {current.found.map(([type, says]) => (
              <tr key={type}>
                <th scope="row">{nameOf(plain(type))}</th>
                <td>{says}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {current?.error && <ProblemNotice error={current.error} />}
    </section>
  );
}

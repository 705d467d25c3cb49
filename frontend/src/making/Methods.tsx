import { Suspense, useState } from "react";
import { type Method, nameOf } from "../ballots/rules";
import { part } from "../ui/part";
import { NumberField } from "./NumberField";
import styles from "./Making.module.css";
import { plain, said, stakeOf, stakes, type Type } from "./methods";

const Playground = part(async () => (await import("./Playground")).Playground);

type Props = { method: Method; onChange: (method: Method) => void; error?: string | undefined };

/** Asks what is at stake, then for a method; says of each what it does, and lets one play with it. */
export function Methods({ method, onChange, error }: Props) {
  const stake = stakeOf(method.type);
  const [playing, setPlaying] = useState(false);
  const choose = (type: Type) => type !== method.type && onChange(plain(type));
  return (
    <fieldset className={styles.part}>
      <legend className={styles.legend}>How shall it be decided?</legend>
      <div className={styles.stakes} role="radiogroup" aria-label="What is at stake">
        {stakes.map(({ name, methods }, place) => (
          <label key={name} className={styles.stake}>
            <input type="radio" name="stake" checked={place === stake} onChange={() => choose(methods[0])} />
            {name}
          </label>
        ))}
      </div>
      <div className={styles.methods} role="radiogroup" aria-label="Method">
        {stakes[stake]?.methods.map((type) => (
          <div key={type} className={styles.method} data-chosen={type === method.type}>
            <label>
              <input type="radio" name="method" checked={type === method.type} onChange={() => choose(type)} aria-describedby={`${type}-asks`} />
              <span>
                <strong>{nameOf(plain(type))}</strong>
                <span id={`${type}-asks`} className={styles.asks}>
                  {said[type].asks} {said[type].counts}
                </span>
              </span>
            </label>
            {type === method.type && (
              <div className={styles.about}>
                <dl>
                  <dt>Good when</dt>
                  <dd>{said[type].choose}</dd>
                  <dt>But</dt>
                  <dd>{said[type].beware}</dd>
                </dl>
                <Parameters method={method} onChange={onChange} />
                <p className={styles.acts}>
                  <button type="button" className={styles.link} aria-expanded={playing} onClick={() => setPlaying(!playing)}>
                    {playing ? "Stop playing" : "Play with it"}
                  </button>
                  <a href={said[type].more} target="_blank" rel="noreferrer">
                    Read more about it
                  </a>
                </p>
                {playing && (
                  <Suspense fallback={<p className={styles.quiet}>Bringing the example …</p>}>
                    {/* Begun anew with other parameters: a field of the example that doesn't fit them would keep the poll from being sent. */}
                    <Playground key={JSON.stringify(method)} method={method} />
                  </Suspense>
                )}
              </div>
            )}
          </div>
        ))}
      </div>
      {error && <p className={styles.error}>{error}</p>}
    </fieldset>
  );
}

/** What else a method has to be told. */
function Parameters({ method, onChange }: Props) {
  switch (method.type) {
    case "stv":
      return <NumberField label="Seats" least={1} value={method.seats} onChange={(seats) => onChange({ ...method, seats: seats ?? 1 })} />;
    case "multiple":
      return (
        <div className={styles.pair}>
          <NumberField label="Picks at least" least={1} value={method.min_picks} onChange={(picks) => onChange({ ...method, min_picks: picks ?? 1 })} />
          <NumberField
            label="Picks at most"
            hint="Empty: all of them."
            least={1}
            value={method.max_picks}
            onChange={(picks) => onChange({ ...method, max_picks: picks })}
          />
        </div>
      );
    case "score":
      return (
        <NumberField label="Highest score" least={1} most={10} value={method.max_score} onChange={(top) => onChange({ ...method, max_score: top ?? 5 })} />
      );
    case "points":
      return <NumberField label="Points to divide" least={1} value={method.points} onChange={(points) => onChange({ ...method, points: points ?? 100 })} />;
    default:
      return null;
  }
}

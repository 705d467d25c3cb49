import { i18n } from "@lingui/core";
import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
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
      <legend className={styles.legend}><Trans>How shall it be decided?</Trans></legend>
      <div className={styles.stakes} role="radiogroup" aria-label={t`What is at stake`}>
        {stakes.map(({ name, methods }, place) => (
          <label key={methods[0]} className={styles.stake}>
            <input type="radio" name="stake" checked={place === stake} onChange={() => choose(methods[0])} />
            {i18n._(name)}
          </label>
        ))}
      </div>
      <div className={styles.methods} role="radiogroup" aria-label={t`Method`}>
        {stakes[stake]?.methods.map((type) => (
          <div key={type} className={styles.method} data-chosen={type === method.type}>
            <label>
              <input type="radio" name="method" checked={type === method.type} onChange={() => choose(type)} aria-describedby={`${type}-asks`} />
              <span>
                <strong>{nameOf(plain(type))}</strong>
                <span id={`${type}-asks`} className={styles.asks}>
                  {i18n._(said[type].asks)} {i18n._(said[type].counts)}
                </span>
              </span>
            </label>
            {type === method.type && (
              <div className={styles.about}>
                <dl>
                  <dt><Trans>Good when</Trans></dt>
                  <dd>{i18n._(said[type].choose)}</dd>
                  <dt><Trans>But</Trans></dt>
                  <dd>{i18n._(said[type].beware)}</dd>
                </dl>
                <Parameters method={method} onChange={onChange} />
                <p className={styles.acts}>
                  <button type="button" className={styles.link} aria-expanded={playing} onClick={() => setPlaying(!playing)}>
                    {playing ? t`Stop playing` : t`Play with it`}
                  </button>
                  <a href={said[type].more} target="_blank" rel="noreferrer">
                    <Trans>Read more about it</Trans>
                  </a>
                </p>
                {playing && (
                  <Suspense fallback={<p className={styles.quiet}><Trans>Bringing the example …</Trans></p>}>
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
      return <NumberField label={t`Seats`} least={1} value={method.seats} onChange={(seats) => onChange({ ...method, seats: seats ?? 1 })} />;
    case "multiple":
      return (
        <div className={styles.pair}>
          <NumberField label={t`Picks at least`} least={1} value={method.min_picks} onChange={(picks) => onChange({ ...method, min_picks: picks ?? 1 })} />
          <NumberField
            label={t`Picks at most`}
            hint={t`Empty: all of them.`}
            least={1}
            value={method.max_picks}
            onChange={(picks) => onChange({ ...method, max_picks: picks })}
          />
        </div>
      );
    case "score":
      return (
        <NumberField label={t`Highest score`} least={1} most={10} value={method.max_score} onChange={(top) => onChange({ ...method, max_score: top ?? 5 })} />
      );
    case "points":
      return <NumberField label={t`Points to divide`} least={1} value={method.points} onChange={(points) => onChange({ ...method, points: points ?? 100 })} />;
    default:
      return null;
  }
}

import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useEffect, useMemo, useState } from "react";
import type { Results } from "../../api/client";
import { Button } from "../../ui/Button";
import { shown } from "../amounts";
import styles from "./Flow.module.css";
import { BAR, layout } from "./layout";
import { told } from "./told";

const STEP_MS = 1600;

/** How votes went from round to round. It plays only when somebody presses the button, and once. */
export function Flow({ result }: { result: Results }) {
  const plan = useMemo(() => layout(result), [result]);
  const last = result.rounds.length - 1;
  const [at, setAt] = useState(last);
  const [playing, setPlaying] = useState(false);
  useEffect(() => {
    if (!playing) return;
    if (at >= last) return setPlaying(false);
    const timer = setTimeout(() => setAt(at + 1), STEP_MS);
    return () => clearTimeout(timer);
  }, [playing, at, last]);
  const round = result.rounds[Math.min(at, last)];
  if (!round) return null;

  function go(to: number) {
    setPlaying(false);
    setAt(to);
  }
  return (
    <figure className={styles.flow}>
      <div className={styles.controls}>
        <Button
          kind="quiet"
          onClick={() => {
            if (!playing) setAt(0);
            setPlaying(!playing);
          }}
        >
          {playing ? t`Stop` : t`Play the rounds`}
        </Button>
        <Button kind="quiet" aria-disabled={at === 0} onClick={() => at > 0 && go(at - 1)}>
          <Trans>Back</Trans>
        </Button>
        <Button kind="quiet" aria-disabled={at >= last} onClick={() => at < last && go(at + 1)}>
          <Trans>Next</Trans>
        </Button>
      </div>
      <p aria-live="polite" className={styles.told}>
        <strong><Trans>Round {round.number}.</Trans></strong> {told(result, round)}
      </p>
      <div className={styles.scroll} role="region" aria-label={t`How votes went from round to round`} tabIndex={0}>
        <svg width={plan.width} height={plan.height} role="img" aria-label={t`The tables below say the same.`}>
          {plan.ribbons
            .filter((ribbon) => ribbon.round < at)
            .map((ribbon) => (
              <path key={ribbon.key} d={ribbon.path} className={styles.ribbon} data-moved={ribbon.moved} />
            ))}
          {plan.nodes
            .filter((node) => node.round <= at && (node.votes > 0 || node.fate))
            .map((node) => (
              <g key={`${node.round} ${node.row}`}>
                <rect x={node.x} y={node.y} width={BAR} height={Math.max(2, node.height)} className={styles.node} data-fate={node.fate} />
                <text x={node.x + BAR + 4} y={node.y + 11} className={styles.votes}>
                  {shown(Number(node.votes.toFixed(2)))}
                  {node.fate === "in" ? " ✓" : node.fate === "out" ? " ✕" : ""}
                </text>
              </g>
            ))}
          {plan.rows.map((row) => (
            <text key={String(row.option)} x={0} y={row.y - 6} className={styles.label}>
              {row.label}
            </text>
          ))}
        </svg>
      </div>
      <figcaption className={styles.key}><Trans>A column a round, a row an option: ✓ elected, ✕ out. Stronger bands are votes that moved.</Trans></figcaption>
    </figure>
  );
}

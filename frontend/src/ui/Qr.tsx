import { generate } from "lean-qr";
import styles from "./Qr.module.css";

/** A QR code: dark on light whatever the theme, since not every camera reads it the other way round. */
export function Qr({ text, label }: { text: string; label: string }) {
  const code = generate(text);
  const edge = 4; // modules of quiet zone around it, as ISO 18004 asks for
  let dark = "";
  for (let y = 0; y < code.size; y++) {
    for (let x = 0; x < code.size; x++) if (code.get(x, y)) dark += `M${x + edge} ${y + edge}h1v1h-1z`;
  }
  const size = code.size + 2 * edge;
  return (
    <svg className={styles.qr} viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <path className={styles.light} d={`M0 0h${size}v${size}H0z`} />
      <path className={styles.dark} d={dark} />
    </svg>
  );
}

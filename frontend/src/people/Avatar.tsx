import type { Schemas } from "../api/client";
import styles from "./Avatar.module.css";

type Shown = Pick<Schemas["PersonView"], "avatar" | "display_name" | "handle">;

/** Somebody's picture, or the first letter of their name. It says nothing to a screen reader: the name stands beside it. */
export function Avatar({ person, large = false }: { person: Shown; large?: boolean }) {
  const size = large ? 96 : 32;
  const kind = large ? `${styles.avatar} ${styles.large}` : styles.avatar;
  if (person.avatar) {
    const source = large ? person.avatar : person.avatar.replace("/256.", "/64.");
    return <img className={kind} src={source} alt="" width={size} height={size} loading="lazy" decoding="async" />;
  }
  const [initial = "?"] = person.display_name || person.handle || "?";
  return (
    <span className={kind} aria-hidden="true">
      {initial.toLocaleUpperCase()}
    </span>
  );
}

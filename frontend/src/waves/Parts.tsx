import { Link } from "@tanstack/react-router";
import type { Schemas } from "../api/client";
import styles from "./Waves.module.css";

type Part = Schemas["WaveBody"]["parts"][number];

type Props = { parts: Part[]; className?: string | undefined };

/** What a Wave or a comment says, with whom it names and where it leads to. */
export function Parts({ parts, className = styles.text }: Props) {
  if (parts.length === 0) return null;
  return (
    <p className={className}>
      <bdi>
        {parts.map((part, place) => (
          <Piece key={place} part={part} />
        ))}
      </bdi>
    </p>
  );
}

function Piece({ part }: { part: Part }) {
  if (part.type === "mention" && part.person.handle && !part.person.deleted) {
    return (
      <Link to="/u/$handle" params={{ handle: part.person.handle }}>
        {part.text}
      </Link>
    );
  }
  if (part.type === "link" && /^https?:\/\//.test(part.url)) {
    return (
      <a href={part.url} rel="noopener noreferrer nofollow ugc">
        {part.text}
      </a>
    );
  }
  if (part.type === "tag") {
    return (
      <Link to="/tags/$tag" params={{ tag: part.tag }} className={styles.tag}>
        {part.text}
      </Link>
    );
  }
  return part.text;
}

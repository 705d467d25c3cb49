import { t } from "@lingui/core/macro";
import { Link } from "@tanstack/react-router";
import type { Schemas } from "../api/client";

type Named = Schemas["PersonView"];

/** What somebody is called: their name, or their handle. */
export function nameOf(person: Named): string {
  if (person.deleted) return t`a deleted account`;
  return person.display_name || (person.handle ? `@${person.handle}` : t`somebody`);
}

/** Somebody's name, which leads to their page if they have one. */
export function Person({ person }: { person: Named }) {
  const name = <bdi>{nameOf(person)}</bdi>;
  if (!person.handle || person.deleted) return name;
  return (
    <Link to="/u/$handle" params={{ handle: person.handle }}>
      {name}
    </Link>
  );
}

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Schemas } from "../api/client";
import { Person } from "../people/Person";
import { useAccount } from "../session/session";
import { Later } from "../ui/Later";
import { WaveItem } from "../waves/WaveItem";
import { pollsOf, useCards } from "./cards";
import styles from "./Entries.module.css";
import { idsOf, wavesOf } from "./reading";
import { ago, standingOf } from "./standing";
import { Wish } from "./Wish";

type Entry = Schemas["EntryView"];

const NONE: Schemas["WaveView"][] = [];
const SEEN_FIRST = 4;

/** The Waves of a page of a feed. */
export function useWaves(entries: Entry[]) {
  const account = useAccount();
  const waves = useQuery(wavesOf(idsOf("wave", entries), account?.id));
  return { waves, coming: waves.isPending && waves.fetchStatus === "fetching" };
}

/** A page of a feed. What changes all the time, votes and reactions, is asked for the whole page at once. */
export function Entries({ entries, mine = false }: { entries: Entry[]; mine?: boolean }) {
  const { waves, coming } = useWaves(entries);
  const cards = useCards(idsOf("poll", entries));
  const told = useCards(pollsOf(waves.data ?? NONE));
  if (coming) return null; // polls would move once Waves are among them
  const items = entries.map((entry) => {
    if (entry.kind === "wave") {
      const wave = waves.data?.find((one) => one.id === entry.id);
      if (!wave) return null;
      const place = `${entry.id} ${entry.rippled?.at ?? ""}`; // after a week, it may come up again on the same page
      const item = <WaveItem key={place} wave={wave} cards={told} rippled={entry.rippled} />;
      return mine ? <Wish key={place} entry={entry} item={item} /> : item;
    }
    if (entry.kind !== "poll") return null; // a kind to come
    const card = cards.get(entry.id);
    const item = (
      <li key={entry.id} className={styles.entry}>
        <p className={styles.by}>
          <Person person={entry.author} /> <time dateTime={entry.created_at}>{ago(entry.created_at)}</time>
        </p>
        <Link to="/polls/$id" params={{ id: entry.id }} className={styles.title}>
          <bdi>{entry.text}</bdi>
        </Link>
        <p className={styles.standing}>{card ? standingOf(card).join(" · ") : "\u00a0"}</p>
      </li>
    );
    return mine ? <Wish key={entry.id} entry={entry} item={item} /> : item;
  });
  return (
    <>
      {items.slice(0, SEEN_FIRST)}
      <Later>{items.slice(SEEN_FIRST)}</Later>
    </>
  );
}

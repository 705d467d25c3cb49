import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, given, type Schemas } from "../api/client";
import { Person } from "../people/Person";
import { useAccount } from "../session/session";
import styles from "./Entries.module.css";
import { ago, standingOf } from "./standing";

type Entry = Schemas["EntryView"];

/** A page of a feed. What changes with each vote is asked for the whole page at once. */
export function Entries({ entries }: { entries: Entry[] }) {
  const account = useAccount();
  const shown = entries.filter((entry) => entry.kind === "poll"); // kinds to come are left out
  const polls = shown.map((entry) => entry.id);
  const cards = useQuery({
    queryKey: ["cards", account?.id, polls],
    queryFn: async () => given(await api.POST("/v1/votebooth/polls/batch", { body: { polls } })).items,
    enabled: polls.length > 0,
  });
  return shown.map((entry) => {
    const card = cards.data?.find((one) => one.poll === entry.id);
    return (
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
  });
}

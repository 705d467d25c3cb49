import { useInfiniteQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Schemas } from "../api/client";
import { More } from "../ui/More";
import { Entries, useWaves } from "./Entries";
import styles from "./Entries.module.css";
import { type feedOf, useDrawn } from "./reading";
import wish from "./Wish.module.css";

type Props = {
  /** What is read, by feed/reading.ts. */
  feed: ReturnType<typeof feedOf>;
  /** What stands first: what its reader has just published. */
  first?: Schemas["EntryView"][];
  /** Whether its reader may hide what is in it. */
  mine?: boolean;
  /** What a feed with nothing in it says. */
  empty: ReactNode;
};

/** A feed, page after page, until the server says that it ends. */
export function FeedList({ feed, first = [], mine = false, empty }: Props) {
  const pages = useInfiniteQuery(feed);
  const ids = new Set(first.map((entry) => entry.id));
  const others = (items: Schemas["EntryView"][]) => items.filter((entry) => !ids.has(entry.id));
  const { coming } = useWaves(others(pages.data?.pages[0]?.items ?? []));
  useDrawn();
  const some = first.length > 0 || pages.data?.pages.some((page) => page.items.length > 0);
  return (
    <>
      {pages.data && !some && !pages.hasNextPage && empty}
      {some && (
        <ul className={mine ? `${styles.list} ${wish.mine}` : styles.list}>
          {first.length > 0 && <Entries entries={first} />}
          {pages.data?.pages.map((page, number) => (
            <Entries
              key={String(pages.data.pageParams[number])}
              mine={mine}
              entries={others(page.items)}
            />
          ))}
        </ul>
      )}
      {!coming && <More pages={pages} />}
    </>
  );
}

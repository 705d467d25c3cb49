import { useInfiniteQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Schemas } from "../api/client";
import { useAccount } from "../session/session";
import { More } from "../ui/More";
import { Entries, useWaves } from "./Entries";
import styles from "./Entries.module.css";

type Props = {
  name: string;
  read: (cursor: string | undefined) => Promise<Schemas["EntryViewPage"]>;
  /** What stands first: what its reader has just published. */
  first?: Schemas["EntryView"][];
  /** Whether its reader may hide what is in it. */
  mine?: boolean;
  /** What a feed with nothing in it says. */
  empty: ReactNode;
};

/** A feed, page after page, until the server says that it ends. */
export function FeedList({ name, read, first = [], mine = false, empty }: Props) {
  const account = useAccount();
  const pages = useInfiniteQuery({
    queryKey: ["feed", name, account?.id],
    queryFn: ({ pageParam }) => read(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
  });
  const ids = new Set(first.map((entry) => entry.id));
  const others = (items: Schemas["EntryView"][]) => items.filter((entry) => !ids.has(entry.id));
  const { coming } = useWaves(others(pages.data?.pages[0]?.items ?? []));
  const some = first.length > 0 || pages.data?.pages.some((page) => page.items.length > 0);
  return (
    <>
      {pages.data && !some && !pages.hasNextPage && empty}
      {some && (
        <ul className={styles.list}>
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

import { t } from "@lingui/core/macro";
import type { InfiniteData } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Schemas } from "../api/client";
import { useAccount } from "../session/session";
import { Button } from "../ui/Button";
import { More } from "../ui/More";
import { ProblemNotice } from "../ui/Notice";
import styles from "./People.module.css";
import { Person } from "./Person";
import { Avatar } from "./Avatar";
import { type Act, type Relation, useAct, useRelations } from "./relations";

type Named = Schemas["PersonView"];
type Page = { items: { person: Named }[] };
type Pages = {
  data: InfiniteData<Page> | undefined;
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  error: Error | null;
  fetchNextPage: () => unknown;
};

type Props = {
  pages: Pages;
  label: string;
  empty: ReactNode;
  /** What may be done about each, with the words for it; without it, following. */
  acts?: [Act, string][];
};

/** A list of people, page after page, with what one may do about each. */
export function People({ pages, label, empty, acts }: Props) {
  const some = pages.data?.pages.some((page) => page.items.length > 0);
  return (
    <section aria-label={label} className={styles.people}>
      {pages.data && !some && !pages.hasNextPage && <p>{empty}</p>}
      {some && (
        <ul>
          {pages.data?.pages.map((page, number) => (
            <PageOf key={String(pages.data?.pageParams[number])} people={page.items.map((item) => item.person)} acts={acts} />
          ))}
        </ul>
      )}
      <More pages={pages} />
    </section>
  );
}

export function PageOf({ people, acts }: { people: Named[]; acts?: [Act, string][] | undefined }) {
  const account = useAccount();
  const relations = useRelations(acts ? [] : people.map((person) => person.id));
  return people.map((person) => (
    <li key={person.id} className={styles.person}>
      <p>
        <Avatar person={person} />
        <Person person={person} />
        {person.display_name && person.handle && <span className={styles.quiet}>@{person.handle}</span>}
      </p>
      {person.id !== account?.id && <Acts person={person} acts={acts ?? following(relations.data?.find((one) => one.person.id === person.id))} />}
    </li>
  ));
}

function following(relation: Relation | undefined): [Act, string][] {
  if (!relation || relation.blocked) return [];
  if (relation.i_follow === "accepted") return [["unfollow", t`Unfollow`]];
  if (relation.i_follow === "requested") return [["unfollow", t`Withdraw`]];
  return [["follow", relation.private ? t`Ask to follow` : t`Follow`]];
}

function Acts({ person, acts }: { person: Named; acts: [Act, string][] }) {
  const change = useAct(person.id);
  return (
    <div className={styles.acts}>
      {acts.map(([act, name]) => (
        <Button
          key={act}
          kind="quiet"
          aria-disabled={change.isPending}
          aria-label={`${name}: ${person.display_name || person.handle || t`this account`}`}
          onClick={() => !change.isPending && change.mutate(act)}
        >
          {name}
        </Button>
      ))}
      {change.error && <ProblemNotice error={change.error} />}
    </div>
  );
}

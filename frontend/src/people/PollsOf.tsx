import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, given } from "../api/client";
import { nameOf } from "../ballots/rules";
import entries from "../feed/Entries.module.css";
import { useAccount } from "../session/session";
import { More } from "../ui/More";
import { stateOf } from "../feed/standing";

/** What somebody has published, as far as the reader may come across it. */
export function PollsOf({ owner }: { owner: string }) {
  const account = useAccount();
  const pages = useInfiniteQuery({
    queryKey: ["polls", "of", owner, account?.id],
    queryFn: async ({ pageParam }) => given(await api.GET("/v1/polls", { params: { query: { owner, cursor: pageParam } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
  });
  const polls = pages.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section aria-label={t`Polls`}>
      {pages.data && polls.length === 0 && !pages.hasNextPage && <p><Trans>There are none that you may come across.</Trans></p>}
      <ul>
        {polls.map((poll) => (
          <li key={poll.id} className={entries.entry}>
            <Link to="/p/$code" params={{ code: poll.code }} className={entries.title}>
              <bdi>{poll.title}</bdi>
            </Link>
            <p className={entries.standing}>
              {[nameOf(poll.method), plural(poll.option_count, { one: "# option", other: "# options" }), stateOf(poll.status)].join(" · ")}
            </p>
          </li>
        ))}
      </ul>
      <More pages={pages} />
    </section>
  );
}

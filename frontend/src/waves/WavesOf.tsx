import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useInfiniteQuery } from "@tanstack/react-query";
import { api, given } from "../api/client";
import { pollsOf, useCards } from "../feed/cards";
import { useAccount } from "../session/session";
import { More } from "../ui/More";
import { WAVES, type Wave } from "./cache";
import { WaveItem } from "./WaveItem";

/** What somebody has said and shared on, as far as the reader may see it. */
export function WavesOf({ author }: { author: string }) {
  const account = useAccount();
  const pages = useInfiniteQuery({
    queryKey: [WAVES, "of", author, account?.id],
    queryFn: async ({ pageParam }) =>
      given(await api.GET("/v1/expressions/waves", { params: { query: { author, cursor: pageParam } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
  });
  const none = pages.data?.pages.every((page) => page.items.length === 0) && !pages.hasNextPage;
  return (
    <section aria-label={t`Waves`}>
      {none && <p><Trans>There are none that you may see.</Trans></p>}
      <ul>
        {pages.data?.pages.map((page, number) => (
          <PageOf key={String(pages.data.pageParams[number])} waves={page.items} />
        ))}
      </ul>
      <More pages={pages} />
    </section>
  );
}

function PageOf({ waves }: { waves: Wave[] }) {
  const cards = useCards(pollsOf(waves));
  return waves.map((wave) => <WaveItem key={wave.id} wave={wave} cards={cards} />);
}

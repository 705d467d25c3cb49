import { t } from "@lingui/core/macro";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, given, type Schemas } from "../api/client";
import { standingOf } from "../feed/standing";
import { useAccount } from "../session/session";
import styles from "./Waves.module.css";

const FRESH_MS = 60_000;

/** The poll that a Wave is about: what it asks, how it stands, and the way to it. */
export function AboutPoll({ id, card }: { id: string; card: Schemas["VotingCard"] | undefined }) {
  const account = useAccount();
  const poll = useQuery({
    queryKey: ["poll", "of a Wave", id, account?.id],
    queryFn: async () => given(await api.GET("/v1/polls/{poll_id}", { params: { path: { poll_id: id } } })),
    staleTime: FRESH_MS,
  });
  const verb = card?.vote.may && !card.vote.has_voted ? t`Vote in the poll` : t`See the poll`;
  return (
    <Link to="/polls/$id" params={{ id }} className={styles.poll}>
      <bdi>{poll.data?.title ?? "\u00a0"}</bdi>
      <strong>{verb}</strong>
      <span>{card ? standingOf(card).join(" · ") : "\u00a0"}</span>
    </Link>
  );
}

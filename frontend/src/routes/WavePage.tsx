import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { api, given } from "../api/client";
import { Problem } from "../api/problem";
import { pollsOf, useCards } from "../feed/cards";
import { ago } from "../feed/standing";
import { nameOf } from "../people/Person";
import { useAccount } from "../session/session";
import { ProblemNotice } from "../ui/Notice";
import { Page } from "../ui/Page";
import { WAVES } from "../waves/cache";
import { Parts } from "../waves/Parts";
import { WaveItem } from "../waves/WaveItem";
import styles from "../waves/Waves.module.css";

/** One Wave, and what it said before. */
export function WavePage() {
  const { id } = useParams({ from: "/waves/$id" });
  const account = useAccount();
  const params = { path: { wave_id: id } };
  const found = useQuery({
    queryKey: [WAVES, "one", id, account?.id],
    queryFn: async () => [given(await api.GET("/v1/expressions/waves/{wave_id}", { params }))],
  });
  const wave = found.data?.[0];
  const cards = useCards(wave ? pollsOf([wave]) : []);
  const history = useQuery({
    queryKey: ["wave's history", id, wave?.edited_at, account?.id],
    queryFn: async () => given(await api.GET("/v1/expressions/waves/{wave_id}/history", { params })).items,
    enabled: !!wave?.edited_at,
  });
  const gone = found.data?.length === 0 || (found.error instanceof Problem && [400, 404].includes(found.error.status));
  if (gone || found.error) {
    return (
      <Page title={t`No such Wave`}>
        <h1>{gone ? t`This Wave isn't there` : t`This Wave can't be shown now`}</h1>
        {gone ? <p><Trans>It was deleted, or it isn't for you.</Trans></p> : found.error && <ProblemNotice error={found.error} />}
        <p>
          <Link to="/explore"><Trans>See what others say</Trans></Link>
        </p>
      </Page>
    );
  }
  if (!wave) return <Page title="">{null}</Page>;
  return (
    <Page title={t`Wave by ${nameOf(wave.author)}`}>
      <h1 className="visually-hidden"><Trans>Wave by {nameOf(wave.author)}</Trans></h1>
      <ul>
        <WaveItem wave={wave} cards={cards} />
      </ul>
      {history.data && history.data.length > 1 && (
        <section aria-labelledby="before" className={styles.write}>
          <h2 id="before"><Trans>What it said before</Trans></h2>
          <ol className={styles.write}>
            {history.data.slice(1).map((version) => (
              <li key={version.at}>
                <p className={styles.quiet}>
                  <time dateTime={version.at}>{ago(version.at)}</time>
                </p>
                <Parts parts={version.parts} />
              </li>
            ))}
          </ol>
        </section>
      )}
    </Page>
  );
}

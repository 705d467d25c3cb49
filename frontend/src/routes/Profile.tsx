import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams, useSearch } from "@tanstack/react-router";
import { api, given } from "../api/client";
import { Problem } from "../api/problem";
import { Avatar } from "../people/Avatar";
import { Follow } from "../people/Follow";
import { Connections } from "../people/Connections";
import { PollsOf } from "../people/PollsOf";
import styles from "../people/Profile.module.css";
import { useAccount } from "../session/session";
import { ProblemNotice } from "../ui/Notice";
import { Page } from "../ui/Page";
import { Tab, Tabs } from "../ui/Tabs";
import { WavesOf } from "../waves/WavesOf";

export function Profile() {
  const { handle } = useParams({ from: "/u/$handle" });
  const { show } = useSearch({ from: "/u/$handle" });
  const account = useAccount();
  const found = useQuery({
    queryKey: ["profile", handle.toLowerCase(), account?.id],
    queryFn: async () => given(await api.GET("/v1/profiles/{handle}", { params: { path: { handle } } })),
  });
  if (found.error instanceof Problem && found.error.status === 404) {
    return (
      <Page title={t`Nobody has this name`}>
        <h1><Trans>Nobody is called @{handle}</Trans></h1>
        <p><Trans>They may have taken another name, or their account is gone.</Trans></p>
        <p>
          <Link to="/explore"><Trans>See what others ask</Trans></Link>
        </p>
      </Page>
    );
  }
  if (found.error) {
    return (
      <Page title={t`Not to be had`}>
        <h1><Trans>This profile can't be shown now</Trans></h1>
        <ProblemNotice error={found.error} />
      </Page>
    );
  }
  if (!found.data) return <Page title="">{null}</Page>;
  const profile = found.data;
  return (
    <Page title={profile.display_name || `@${profile.handle}`}>
      <header className={styles.head}>
        {profile.banner && <img className={styles.banner} src={profile.banner} alt="" width={1200} height={400} />}
        <Avatar person={profile} large />
        <h1>
          <bdi>{profile.display_name || `@${profile.handle}`}</bdi>
        </h1>
        {profile.display_name && <p className={styles.quiet}>@{profile.handle}</p>}
        {profile.bio && (
          <p className={styles.bio}>
            <bdi>{profile.bio}</bdi>
          </p>
        )}
        {profile.links.length > 0 && (
          <ul className={styles.links}>
            {profile.links.map((link) => (
              <li key={link}>
                <a href={link} rel="noopener noreferrer nofollow me">
                  {link.replace("https://", "")}
                </a>
              </li>
            ))}
          </ul>
        )}
      </header>
      <Follow key={profile.account} profile={profile} />
      <Tabs label={t`What there is of @${profile.handle}`}>
        <Tab to="/u/$handle" params={{ handle }} search={{}}>
          <Trans>Polls</Trans>
        </Tab>
        <Tab to="/u/$handle" params={{ handle }} search={{ show: "waves" }}>
          <Trans>Waves</Trans>
        </Tab>
        <Tab to="/u/$handle" params={{ handle }} search={{ show: "followers" }}>
          <Trans>Followers</Trans>
        </Tab>
        <Tab to="/u/$handle" params={{ handle }} search={{ show: "following" }}>
          <Trans>Following</Trans>
        </Tab>
      </Tabs>
      {!show && <PollsOf key={`of ${profile.account}`} owner={profile.account} />}
      {show === "waves" && <WavesOf key={`of ${profile.account}`} author={profile.account} />}
      {(show === "followers" || show === "following") && <Connections key={show + profile.account} profile={profile} show={show} />}
    </Page>
  );
}

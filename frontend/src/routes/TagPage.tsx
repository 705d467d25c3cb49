import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Link, useParams } from "@tanstack/react-router";
import { api, given } from "../api/client";
import { Problem } from "../api/problem";
import { FeedList } from "../feed/FeedList";
import { feedOf } from "../feed/reading";
import { useFollowTag, useTag } from "../feed/tags";
import styles from "../people/Profile.module.css";
import { useAccount } from "../session/session";
import { Button } from "../ui/Button";
import { Notice, ProblemNotice } from "../ui/Notice";
import { Page } from "../ui/Page";

/** What people have published with a tag. */
export function TagPage() {
  const account = useAccount();
  const { tag } = useParams({ from: "/tags/$tag" });
  return (
    <Page title={`#${tag}`}>
      <h1>
        <bdi>#{tag}</bdi>
      </h1>
      <Standing key={`standing ${tag}`} tag={tag} />
      <FeedList
        key={tag}
        feed={feedOf(`tag ${tag}`, account?.id, async (cursor) => {
          const answer = await api.GET("/v1/feed/tags/{tag}", { params: { path: { tag }, query: { cursor } } });
          return answer.response.status === 404 ? { items: [], next: null } : given(answer);
        })}
        empty={
          <Notice>
            <p><Trans>Nobody has published anything for all with this tag yet.</Trans></p>
            <p>
              <Link to="/explore"><Trans>See what others ask and say</Trans></Link>
            </p>
          </Notice>
        }
      />
    </Page>
  );
}

/** Whether I follow a tag, and what changes that. */
function Standing({ tag }: { tag: string }) {
  const account = useAccount();
  const standing = useTag(tag);
  const follow = useFollowTag(tag);
  if (account?.kind !== "user") {
    return (
      <p className={styles.quiet}>
        <Trans><Link to="/sign-in" search={{ then: `/tags/${encodeURIComponent(tag)}` }}>
          Sign in
        </Link>{" "}
        to have this tag in your home feed.</Trans>
      </p>
    );
  }
  if (standing.error instanceof Problem && standing.error.status === 422) return null; // it is no tag
  if (standing.error) return <ProblemNotice error={standing.error} />;
  if (!standing.data) return null;
  const { followed, followers } = standing.data;
  return (
    <>
      <div className={styles.follow}>
        <Button
          kind={followed ? "quiet" : "main"}
          aria-disabled={follow.isPending}
          onClick={() => {
            if (!follow.isPending) follow.mutate(!followed);
          }}
        >
          {followed ? t`Unfollow` : t`Follow`}
        </Button>
        <p className={styles.quiet} role="status">
          {[
            plural(followers, { one: "# follower", other: "# followers" }),
            followed && t`what is tagged so comes into your home feed`,
          ]
            .filter(Boolean)
            .join(" · ")}
        </p>
      </div>
      {follow.error && <ProblemNotice error={follow.error} />}
    </>
  );
}

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, given, type Schemas } from "../api/client";
import { useAccount } from "../session/session";
import { Button } from "../ui/Button";
import { ProblemNotice } from "../ui/Notice";
import styles from "./Profile.module.css";

type Profile = Schemas["ProfileView"];

const buttons = { none: "Follow", requested: "Withdraw my request", accepted: "Unfollow" };
const many = (count: number, one: string, more: string) => `${count} ${count === 1 ? one : more}`;

/** How somebody and I stand to each other, and the button that changes it. */
export function Follow({ profile }: { profile: Profile }) {
  const account = useAccount();
  const queries = useQueryClient();
  const key = ["relation", profile.account, account?.id];
  const params = { path: { account: profile.account } };
  const relation = useQuery({
    queryKey: key,
    queryFn: async () => given(await api.GET("/v1/follows/people/{account}", { params })),
    enabled: account?.kind === "user" && account.id !== profile.account,
  });
  const change = useMutation({
    mutationFn: async (follow: boolean) =>
      given(await (follow ? api.PUT("/v1/follows/people/{account}", { params }) : api.DELETE("/v1/follows/people/{account}", { params }))),
    onSettled: () => {
      void queries.invalidateQueries({ queryKey: key });
      void queries.invalidateQueries({ queryKey: ["feed"] });
    },
  });

  if (account?.kind !== "user") {
    return (
      <p className={styles.quiet}>
        <Link to="/sign-in" search={{ then: `/u/${profile.handle}` }}>
          Sign in
        </Link>{" "}
        to follow them.
      </p>
    );
  }
  if (account.id === profile.account) return <p className={styles.quiet}>This is how others see you.</p>;
  if (relation.error) return <ProblemNotice error={relation.error} />;
  if (!relation.data) return null;
  const { i_follow: mine, follows_me: theirs, followers, blocked } = relation.data;
  return (
    <div className={styles.follow}>
      {!blocked && (
        <Button kind={mine === "none" ? "main" : "quiet"} disabled={change.isPending} onClick={() => change.mutate(mine === "none")}>
          {mine === "none" && relation.data.private ? "Ask to follow" : buttons[mine]}
        </Button>
      )}
      <p className={styles.quiet} role="status">
        {[
          blocked && "You block them",
          followers !== null && many(followers, "follower", "followers"),
          mine === "accepted" && "you follow them",
          mine === "requested" && "they have to accept your request",
          theirs === "accepted" && "they follow you",
        ]
          .filter(Boolean)
          .join(" · ")}
      </p>
      {change.error && <ProblemNotice error={change.error} />}
    </div>
  );
}

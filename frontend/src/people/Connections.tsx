import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, given, type Schemas } from "../api/client";
import { Problem } from "../api/problem";
import { useAccount } from "../session/session";
import { Notice, ProblemNotice } from "../ui/Notice";
import { People } from "./People";

type Props = { profile: Schemas["ProfileView"]; show: "followers" | "following" };

/** Who follows somebody, or whom they follow; a private account's for its followers alone. */
export function Connections({ profile, show }: Props) {
  const account = useAccount();
  const pages = useInfiniteQuery({
    queryKey: ["people", show, profile.account, account?.id],
    queryFn: async ({ pageParam: cursor }) => {
      const params = { path: { account: profile.account }, query: { cursor } };
      return given(
        await (show === "followers"
          ? api.GET("/v1/follows/people/{account}/followers", { params })
          : api.GET("/v1/follows/people/{account}/following", { params })),
      );
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
    enabled: account?.kind === "user",
  });
  if (account?.kind !== "user") {
    return (
      <p>
        <Trans><Link to="/sign-in" search={{ then: `/u/${profile.handle}?show=${show}` }}>
          Sign in
        </Link>{" "}
        to see whom they know.</Trans>
      </p>
    );
  }
  if (pages.error instanceof Problem && pages.error.slug === "private-account") {
    return <Notice><Trans>This account is private. Its followers see who follows it and whom it follows.</Trans></Notice>;
  }
  if (pages.error instanceof Problem && pages.error.status === 404) return <Notice><Trans>There is nothing here for you.</Trans></Notice>;
  if (pages.error && !pages.data) return <ProblemNotice error={pages.error} />;
  return (
    <People
      pages={pages}
      label={show === "followers" ? t`Followers` : t`Following`}
      empty={show === "followers" ? t`Nobody follows them yet.` : t`They follow nobody yet.`}
    />
  );
}

import { Trans } from "@lingui/react/macro";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { api, given } from "../api/client";
import { follow } from "../live/follow";
import { Mark } from "../ui/Mark";
import ui from "../ui/ui.module.css";
import { Unread } from "../ui/Unread";

/** Leads to what others did, and says how much of it is new, as it happens. */
export function Bell({ account }: { account: string }) {
  const queries = useQueryClient();
  const key = ["notifications", "unread", account];
  const unread = useQuery({
    queryKey: key,
    queryFn: async () => given(await api.GET("/v1/notifications/unread")).count,
  });
  useEffect(
    () =>
      follow<{ unread: number }, never>("notifications", {
        stream: `notifications:${account}`,
        take: (message) => {
          if (message.type !== "snapshot") return false;
          queries.setQueryData(["notifications", "unread", account], message.state.unread);
          void queries.invalidateQueries({ queryKey: ["notifications", "list", account] });
          return true;
        },
      }).leave,
    [account, queries],
  );
  return (
    <Link to="/notifications" className={ui.nav}>
      <Mark d="M6 10a6 6 0 0 1 12 0c0 6 2 7 2 7H4s2-1 2-7M10 20h4" />
      <span className={ui.word}><Trans>News</Trans></span>
      <Unread count={unread.data ?? 0} />
    </Link>
  );
}

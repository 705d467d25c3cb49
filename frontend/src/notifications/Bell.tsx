import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, given } from "../api/client";
import { useAccount } from "../session/session";
import ui from "../ui/ui.module.css";
import styles from "./Notifications.module.css";

const EVERY_MS = 60_000;

/** Leads to what others did, and says how much of it is new. */
export function Bell() {
  const account = useAccount();
  const unread = useQuery({
    queryKey: ["notifications", "unread", account?.id],
    queryFn: async () => given(await api.GET("/v1/notifications/unread")).count,
    refetchInterval: EVERY_MS,
  });
  const count = unread.data ?? 0;
  return (
    <Link to="/notifications" className={ui.nav}>
      News
      {count > 0 && (
        <span className={styles.badge}>
          {count >= 100 ? "99+" : count}
          <span className="visually-hidden"> unread</span>
        </span>
      )}
    </Link>
  );
}

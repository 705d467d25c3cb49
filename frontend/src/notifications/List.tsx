import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { api, given } from "../api/client";
import { ago } from "../feed/standing";
import { useAccount } from "../session/session";
import { Button } from "../ui/Button";
import { More } from "../ui/More";
import { Notice, ProblemNotice } from "../ui/Notice";
import styles from "./Notifications.module.css";
import { type Told, what } from "./told";

/** What others did that concerns me, the latest first. */
export function List() {
  const account = useAccount();
  const queries = useQueryClient();
  const pages = useInfiniteQuery({
    queryKey: ["notifications", "list", account?.id],
    queryFn: async ({ pageParam: cursor }) => given(await api.GET("/v1/notifications", { params: { query: { cursor } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
  });
  const items = pages.data?.pages.flatMap((page) => page.items) ?? [];
  const newest = items[0]?.position;
  const all = useMutation({
    mutationFn: async (up_to: string) => given(await api.PUT("/v1/notifications/read", { body: { up_to } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["notifications"] }),
  });
  return (
    <section aria-label={t`News`} className={styles.news}>
      {newest && items.some((one) => !one.read) && (
        <div>
          <Button kind="quiet" aria-disabled={all.isPending} onClick={() => !all.isPending && all.mutate(newest)}>
            <Trans>Mark all as read</Trans>
          </Button>
        </div>
      )}
      {all.error && <ProblemNotice error={all.error} />}
      {pages.data && items.length === 0 && !pages.hasNextPage && (
        <Notice><Trans>Here will be who follows you, reacts to your Waves, and comments on your polls.</Trans></Notice>
      )}
      {items.length > 0 && (
        <ul>
          {items.map((one) => (
            <One key={one.id} told={one} />
          ))}
        </ul>
      )}
      <More pages={pages} />
    </section>
  );
}

function One({ told }: { told: Told }) {
  const queries = useQueryClient();
  const read = useMutation({
    mutationFn: async () =>
      given(
        await api.PUT("/v1/notifications/{notification_id}/read", {
          params: { path: { notification_id: told.id }, query: { position: told.position } },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["notifications"] }),
  });
  const said = what(told);
  if (said === null) return null;
  return (
    <li className={styles.one} data-read={told.read}>
      <Where told={told} onGo={() => !told.read && read.mutate()}>
        {!told.read && <span className="visually-hidden"><Trans>New:</Trans> </span>}
        <bdi>{said}</bdi>
      </Where>
      <time dateTime={told.at}>{ago(told.at)}</time>
    </li>
  );
}

/** To what it is about. */
function Where({ told, onGo, children }: { told: Told; onGo: () => void; children: ReactNode }) {
  const { type, id, poll } = told.subject;
  if (told.kind === "follow_request") {
    return (
      <Link to="/people" onClick={onGo}>
        {children}
      </Link>
    );
  }
  if (type === "wave") {
    return (
      <Link to="/waves/$id" params={{ id }} onClick={onGo}>
        {children}
      </Link>
    );
  }
  if (type === "poll" || (type === "comment" && poll)) {
    return (
      <Link to="/polls/$id" params={{ id: type === "poll" ? id : (poll ?? id) }} search={type === "comment" ? { comment: id } : {}} onClick={onGo}>
        {children}
      </Link>
    );
  }
  if (type === "conversation") {
    return (
      <Link to="/messages/$id" params={{ id }} onClick={onGo}>
        {children}
      </Link>
    );
  }
  const handle = told.people[0]?.handle;
  if (!handle) return <span>{children}</span>;
  return (
    <Link to="/u/$handle" params={{ handle }} onClick={onGo}>
      {children}
    </Link>
  );
}

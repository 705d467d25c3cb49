import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useLocation } from "@tanstack/react-router";
import { useState } from "react";
import { api, given } from "../api/client";
import { useAccount } from "../session/session";
import { Button } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { Notice, ProblemNotice } from "../ui/Notice";
import { keys, type Order, type Thread as View } from "./cache";
import styles from "./Comments.module.css";
import { Context } from "./Context";
import { Item, List } from "./Item";
import { Write } from "./Write";

/** What people say about a poll: all of it, or one comment with what is above and below it. */
export function Thread({ poll, meant }: { poll: string; meant: string | undefined }) {
  const account = useAccount();
  const thread = useQuery({
    queryKey: [...keys.about(poll), account?.id],
    queryFn: async () => given(await api.GET("/v1/comments/threads/{thread_id}", { params: { path: { thread_id: poll } } })),
  });
  return (
    <section className={styles.thread} aria-labelledby="comments">
      <h2 id="comments">
        <Trans>Comments</Trans> {thread.data && thread.data.comments > 0 && <span className={styles.count}>{thread.data.comments}</span>}
      </h2>
      {thread.error && <ProblemNotice error={thread.error} />}
      {thread.data && (meant ? <Context key={meant} thread={thread.data} id={meant} /> : <Whole thread={thread.data} />)}
    </section>
  );
}

function Whole({ thread }: { thread: View }) {
  const [order, setOrder] = useState<Order>("supported");
  return (
    <>
      <May thread={thread} />
      {thread.comments === 0 && !thread.pinned ? (
        <p className={styles.quiet}>{thread.may_comment ? t`Nobody has said anything yet. Begin.` : t`Nobody has said anything yet.`}</p>
      ) : (
        <Choice label={t`Order`} name="order" value={order} onChange={(value) => setOrder(value as Order)}>
          <option value="supported"><Trans>Most supported first</Trans></option>
          <option value="newest"><Trans>Newest first</Trans></option>
          <option value="oldest"><Trans>Oldest first</Trans></option>
        </Choice>
      )}
      {thread.pinned && (
        <ul className={styles.list} aria-label={t`Pinned comment`} data-level={0}>
          <Item thread={thread} comment={thread.pinned} best={[]} order={order} level={0} />
        </ul>
      )}
      <List thread={thread} parent={null} order={order} level={0} label={t`Comments`} />
    </>
  );
}

/** Whether I am told of what others say here. */
function Follow({ thread }: { thread: View }) {
  const account = useAccount();
  const queries = useQueryClient();
  const key = [...keys.about(thread.id), account?.id];
  const params = { path: { thread_id: thread.id } };
  const follow = useMutation({
    mutationFn: async (on: boolean) =>
      given(
        await (on
          ? api.PUT("/v1/comments/threads/{thread_id}/follow", { params })
          : api.DELETE("/v1/comments/threads/{thread_id}/follow", { params })),
      ),
    onSuccess: (_, on) => queries.setQueryData<View>(key, (old) => old && { ...old, following: on }),
    onSettled: () => queries.invalidateQueries({ queryKey: key, exact: true }),
  });
  const on = follow.isPending ? follow.variables : thread.following;
  return (
    <div className={styles.follow}>
      <Button kind="quiet" aria-pressed={on} aria-disabled={follow.isPending} onClick={() => !follow.isPending && follow.mutate(!on)}>
        {on ? t`You follow the comments` : t`Follow the comments`}
      </Button>
      <span className={styles.quiet}>{on ? t`You are told of new ones.` : t`You are told of answers and mentions alone.`}</span>
      {follow.error && <ProblemNotice error={follow.error} kept={t`It is as it was.`} />}
    </div>
  );
}

/** The form for a comment, or why there is none; for those who may, the lock. */
function May({ thread }: { thread: View }) {
  const account = useAccount();
  const queries = useQueryClient();
  const here = useLocation({ select: (location) => location.pathname });
  const params = { path: { thread_id: thread.id } };
  const lock = useMutation({
    mutationFn: async (on: boolean) =>
      given(
        await (on
          ? api.PUT("/v1/comments/threads/{thread_id}/lock", { params })
          : api.DELETE("/v1/comments/threads/{thread_id}/lock", { params })),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.about(thread.id) }),
  });
  return (
    <>
      {thread.locked && <Notice><Trans>The owner or a moderator has locked the comments: nobody else adds to them.</Trans></Notice>}
      {thread.may_comment && <Write thread={thread.id} />}
      {!thread.may_comment && !thread.locked && account?.kind !== "user" && (
        <p className={styles.quiet}>
          <Trans><Link to="/sign-in" search={{ then: here }}>
            Sign in
          </Link>{" "}
          to comment.</Trans>
        </p>
      )}
      {account?.kind === "user" && <Follow thread={thread} />}
      {thread.may_moderate && (
        <div>
          <Button kind="quiet" aria-disabled={lock.isPending} onClick={() => lock.mutate(!thread.locked)}>
            {thread.locked ? t`Unlock the comments` : t`Lock the comments`}
          </Button>
        </div>
      )}
      {lock.error && <ProblemNotice error={lock.error} />}
    </>
  );
}

import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useRef } from "react";
import { api, given } from "../api/client";
import { Problem } from "../api/problem";
import { useAccount } from "../session/session";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { More } from "../ui/More";
import { ProblemNotice } from "../ui/Notice";
import { Page } from "../ui/Page";
import form from "../ui/form.module.css";
import styles from "./Rooms.module.css";

/** The rooms that somebody has opened, and where they open another. */
export function MyRooms() {
  const account = useAccount();
  if (account?.kind === "user") return <Mine account={account.id} />;
  return (
    <Page title={t`Rooms`}>
      <h1><Trans>Open a room</Trans></h1>
      <p><Trans>In a room people look at the same poll, vote and ask. Whoever opens one needs an account; whoever comes in needn't.</Trans></p>
      <p>
        <Trans><Link to="/sign-up" search={{ then: "/rooms" }}>
          Sign up
        </Link>{" "}
        or{" "}
        <Link to="/sign-in" search={{ then: "/rooms" }}>
          sign in
        </Link></Trans>
      </p>
    </Page>
  );
}

function Mine({ account }: { account: string }) {
  const navigate = useNavigate();
  const key = useRef(crypto.randomUUID()); // a second press or a retry opens no second room
  const pages = useInfiniteQuery({
    queryKey: ["rooms", account],
    queryFn: async ({ pageParam }) => given(await api.GET("/v1/votebooth/rooms", { params: { query: { cursor: pageParam } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
    staleTime: 0,
  });
  const opening = useMutation({
    mutationFn: async (title: string) =>
      given(await api.POST("/v1/votebooth/rooms", { body: { title }, params: { header: { "Idempotency-Key": key.current } } })),
    onSuccess: (room) => navigate({ to: "/rooms/$id/host", params: { id: room.room } }),
    onError: (error) => {
      if (error instanceof Problem) key.current = crypto.randomUUID();
    },
  });
  const wrong = opening.error instanceof Problem ? opening.error.of("title") : undefined;
  const rooms = pages.data?.pages.flatMap((page) => page.items) ?? [];

  function open(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (!opening.isPending) opening.mutate(String(new FormData(event.currentTarget).get("title")));
  }

  return (
    <Page title={t`Rooms`}>
      <h1><Trans>Rooms</Trans></h1>
      <form onSubmit={open} className={form.form}>
        <Field label={t`Title of a new room`} name="title" required maxLength={120} autoComplete="off" error={wrong} />
        {opening.error && !wrong && <ProblemNotice error={opening.error} kept={t`The title is still here.`} />}
        <div className={form.actions}>
          <Button type="submit" aria-disabled={opening.isPending}>
            {opening.isPending ? t`Opening …` : t`Open a room`}
          </Button>
        </div>
      </form>
      <section aria-labelledby="mine" className={styles.part}>
        <h2 id="mine"><Trans>Rooms of mine</Trans></h2>
        {pages.data && rooms.length === 0 && <p className={styles.quiet}><Trans>None yet. The one that you open stands here.</Trans></p>}
        <ul className={styles.questions}>
          {rooms.map((room) => (
            <li key={room.id}>
              <Link to="/rooms/$id/host" params={{ id: room.id }} className={styles.link}>
                <bdi>{room.title}</bdi>
              </Link>
              <span className={styles.quiet}>{room.ended_at ? t`ended` : room.code}</span>
            </li>
          ))}
        </ul>
        <More pages={pages} />
      </section>
    </Page>
  );
}

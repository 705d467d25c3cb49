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
import ui from "../ui/ui.module.css";
import styles from "./Rooms.module.css";

/** The rooms that somebody has opened, and where they open another. */
export function MyRooms() {
  const account = useAccount();
  if (account?.kind === "user") return <Mine account={account.id} />;
  return (
    <Page title="Rooms">
      <h1>Open a room</h1>
      <p>In a room people look at the same poll, vote and ask. Whoever opens one needs an account; whoever comes in needn't.</p>
      <p>
        <Link to="/sign-up" search={{ then: "/rooms" }}>
          Sign up
        </Link>{" "}
        or{" "}
        <Link to="/sign-in" search={{ then: "/rooms" }}>
          sign in
        </Link>
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
    <Page title="Rooms">
      <h1>Rooms</h1>
      <form onSubmit={open} className={ui.form}>
        <Field label="Title of a new room" name="title" required maxLength={120} autoComplete="off" error={wrong} />
        {opening.error && !wrong && <ProblemNotice error={opening.error} kept="The title is still here." />}
        <Button type="submit" aria-disabled={opening.isPending}>
          {opening.isPending ? "Opening …" : "Open a room"}
        </Button>
      </form>
      <section aria-labelledby="mine" className={styles.part}>
        <h2 id="mine">Rooms of mine</h2>
        {pages.data && rooms.length === 0 && <p className={styles.quiet}>None yet. The one that you open stands here.</p>}
        <ul className={styles.questions}>
          {rooms.map((room) => (
            <li key={room.id}>
              <Link to="/rooms/$id/host" params={{ id: room.id }} className={styles.link}>
                <bdi>{room.title}</bdi>
              </Link>
              <span className={styles.quiet}>{room.ended_at ? "ended" : room.code}</span>
            </li>
          ))}
        </ul>
        <More pages={pages} />
      </section>
    </Page>
  );
}

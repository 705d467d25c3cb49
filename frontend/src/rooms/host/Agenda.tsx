import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, given } from "../../api/client";
import { useAccount } from "../../session/session";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { More } from "../../ui/More";
import { ProblemNotice } from "../../ui/Notice";
import rooms from "../Rooms.module.css";
import type { Room } from "../state";
import styles from "./Host.module.css";
import { useAct } from "./useAct";
import { useAgenda } from "./useAgenda";
import { stateOf } from "../../feed/standing";

/** The polls that are to come, in their order. */
export function Agenda({ room }: { room: Room }) {
  const { act, busy, error } = useAct();
  const params = { path: { room: room.room } };
  const ids = (room.agenda?.items ?? []).map((item) => item.poll);
  const polls = useAgenda(room);
  const set = (next: string[]) => act(() => api.PUT("/v1/votebooth/rooms/{room}/agenda", { params, body: { polls: next } }));
  const add = (id: string) => {
    if (!ids.includes(id)) set([...ids, id]);
  };
  const up = (at: number) => set(ids.map((id, index) => (index === at - 1 ? (ids[at] ?? id) : index === at ? (ids[at - 1] ?? id) : id)));

  return (
    <section aria-labelledby="agenda" className={rooms.part}>
      <h2 id="agenda"><Trans>Agenda</Trans></h2>
      {ids.length === 0 && <p className={rooms.quiet}><Trans>Empty. Add the polls that the room shall vote on.</Trans></p>}
      <ol className={styles.list}>
        {ids.map((id, at) => {
          const title = polls[at]?.data?.title ?? (polls[at]?.error ? t`A poll that you can't see` : "…");
          const on = room.stage.poll === id;
          return (
            <li key={id} aria-current={on || undefined}>
              <p>
                <bdi>{title}</bdi>
                {on && <span className={rooms.quiet}> · <Trans>on stage</Trans></span>}
              </p>
              <div className={styles.small}>
                {!on && (
                  <Button
                    kind="quiet"
                    aria-disabled={busy}
                    aria-label={t`Put on stage: ${title}`}
                    onClick={() => act(() => api.PUT("/v1/votebooth/rooms/{room}/stage", { params, body: { poll: id } }))}
                  >
                    <Trans>Put on stage</Trans>
                  </Button>
                )}
                {at > 0 && (
                  <Button kind="quiet" aria-disabled={busy} aria-label={t`Move up: ${title}`} onClick={() => up(at)}>
                    ↑
                  </Button>
                )}
                <Button
                  kind="quiet"
                  aria-disabled={busy}
                  aria-label={t`Take off the agenda: ${title}`}
                  onClick={() => set(ids.filter((each) => each !== id))}
                >
                  <Trans>Take off</Trans>
                </Button>
              </div>
            </li>
          );
        })}
      </ol>
      {error && <ProblemNotice error={error} />}
      <ByLink onFound={add} />
      <FromMine has={ids} onPick={add} busy={busy} />
    </section>
  );
}

function ByLink({ onFound }: { onFound: (id: string) => void }) {
  const [text, setText] = useState("");
  const finding = useMutation({
    mutationFn: async (typed: string) => {
      const last = typed.trim().replace(/[?#].*$/, "").replace(/\/+$/, "").split("/").at(-1) ?? "";
      if (/^[0-9a-f]{8}-[0-9a-f-]{27}$/i.test(last)) return last;
      return given(await api.GET("/v1/polls/by-code/{code}", { params: { path: { code: last } } })).id;
    },
    onSuccess: (id) => {
      onFound(id);
      setText("");
    },
  });

  function find(event: FormEvent) {
    event.preventDefault();
    if (text.trim() && !finding.isPending) finding.mutate(text);
  }

  return (
    <form onSubmit={find} className={styles.line}>
      <Field label={t`Link or code of a poll`} value={text} onChange={(event) => setText(event.target.value)} autoComplete="off" />
      <Button type="submit" kind="quiet" aria-disabled={finding.isPending}>
        <Trans>Add</Trans>
      </Button>
      {finding.error && <ProblemNotice error={finding.error} kept={t`What you typed is still here.`} />}
    </form>
  );
}

function FromMine({ has, onPick, busy }: { has: string[]; onPick: (id: string) => void; busy: boolean }) {
  const [open, setOpen] = useState(false);
  const account = useAccount();
  const pages = useInfiniteQuery({
    queryKey: ["polls", "mine", account?.id],
    queryFn: async ({ pageParam }) => given(await api.GET("/v1/polls", { params: { query: { mine: true, cursor: pageParam } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
    enabled: open,
    staleTime: 0,
  });
  const polls = (pages.data?.pages.flatMap((page) => page.items) ?? []).filter((poll) => !has.includes(poll.id));
  return (
    <details className={styles.details} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary><Trans>Pick from my polls</Trans></summary>
      {pages.data && polls.length === 0 && !pages.hasNextPage && (
        <p>
          <Trans>There are no others. <Link to="/new">Make a poll</Link></Trans>
        </p>
      )}
      <ul className={rooms.questions}>
        {polls.map((poll) => (
          <li key={poll.id}>
            <div>
              <bdi>{poll.title}</bdi> <span className={rooms.quiet}>{stateOf(poll.status)}</span>
            </div>
            <Button kind="quiet" aria-disabled={busy} aria-label={t`Add: ${poll.title}`} onClick={() => onPick(poll.id)}>
              <Trans>Add</Trans>
            </Button>
          </li>
        ))}
      </ul>
      {open && <More pages={pages} />}
    </details>
  );
}

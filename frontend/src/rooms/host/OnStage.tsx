import { i18n, type MessageDescriptor } from "@lingui/core";
import { msg, plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useLayoutEffect, useState } from "react";
import { api, given, isOver, type Poll } from "../../api/client";
import { useLive } from "../../live/useLive";
import { Result } from "../../results/Result";
import { Button } from "../../ui/Button";
import { ProblemNotice } from "../../ui/Notice";
import rooms from "../Rooms.module.css";
import { type Room, still } from "../state";
import styles from "./Host.module.css";
import { useAct } from "./useAct";
import { useAgenda } from "./useAgenda";

const standings: Partial<Record<Poll["status"], MessageDescriptor>> = {
  draft: msg`Not open yet`,
  scheduled: msg`Not open yet`,
  open: msg`Open`,
  closed: msg`Closed`,
  archived: msg`In the archive`,
};

function standing(status: Poll["status"]): string {
  const said = standings[status];
  return said ? i18n._(said) : status;
}

/** What everybody looks at, and the bar at the thumb that leads them on. */
export function OnStage({ room }: { room: Room }) {
  const id = room.stage.poll;
  const poll = useQuery({
    queryKey: ["poll", "on stage", id, room.stage.version],
    queryFn: async () => given(await api.GET("/v1/polls/{poll_id}", { params: { path: { poll_id: id ?? "" } } })),
    enabled: !!id,
    placeholderData: still(id),
  });
  const shown = room.stage.results_shown ?? false;
  return (
    <>
      <section aria-labelledby="on-stage" className={rooms.part}>
        <h2 id="on-stage"><Trans>On stage</Trans></h2>
        {!id && <Nothing room={room} />}
        {id && poll.data && (
          <>
            <p className={styles.title}>
              <bdi>{poll.data.title}</bdi>
            </p>
            <p>
              {standing(poll.data.status)} · {shown ? t`its result is shown` : t`its result isn't shown`}
            </p>
            {(poll.data.status === "open" || poll.data.status === "closed") && <Seen key={id} poll={poll.data} />}
          </>
        )}
        {id && poll.error && <ProblemNotice error={poll.error} />}
      </section>
      {!room.ended && <Bar room={room} status={id ? (poll.data?.status ?? null) : null} />}
    </>
  );
}

/** Whether all polls of the agenda are over, else the first one that isn't. */
function useToCome(room: Room): { through: boolean; first: string | undefined } {
  const polls = useAgenda(room);
  const first = room.agenda?.items.find((_, place) => !isOver(polls[place]?.data?.status ?? null))?.poll;
  return { through: polls.length > 0 && !first, first };
}

function Nothing({ room }: { room: Room }) {
  const { through } = useToCome(room);
  return (
    <p className={rooms.quiet}>
      {through ? <Trans>The agenda is through. To go on, add a poll below and put it on stage.</Trans> : <Trans>Nothing. Add polls below, then go to the next.</Trans>}
    </p>
  );
}

function Seen({ poll }: { poll: Poll }) {
  const live = useLive(poll.id);
  return (
    <details className={styles.details}>
      <summary>{live.sums ? plural(live.sums.ballots, { one: "# voted; what you may see", other: "# voted; what you may see" }) : t`What you may see of the result`}</summary>
      <Result poll={poll} live={live} />
    </details>
  );
}

function Bar({ room, status }: { room: Room; status: Poll["status"] | null }) {
  const { act, busy, error } = useAct();
  const [closing, setClosing] = useState<string | null>(null);
  const params = { path: { room: room.room } };
  const shown = room.stage.results_shown ?? false;
  const asked = closing !== null && closing === room.stage.poll && status === "open";
  const idle = { "aria-disabled": busy };
  const { through, first } = useToCome(room);
  const done = !room.stage.poll && through;
  const next = () =>
    act(() =>
      // With nothing on stage the server would begin with the agenda's first poll, over or not.
      !room.stage.poll && first
        ? api.PUT("/v1/votebooth/rooms/{room}/stage", { params, body: { poll: first } })
        : api.POST("/v1/votebooth/rooms/{room}/next", { params, body: { after: room.stage.poll ?? null } }),
    );
  const show = () => act(() => api.PUT("/v1/votebooth/rooms/{room}/results", { params, body: { shown: !shown } }));
  const open = () => act(() => api.POST("/v1/votebooth/rooms/{room}/open", { params }));
  const close = () => {
    setClosing(null);
    act(() => api.POST("/v1/votebooth/rooms/{room}/close", { params }));
  };
  const over = isOver(status);

  useLayoutEffect(() => {
    const { dataset } = document.documentElement;
    dataset.bar = "";
    return () => {
      delete dataset.bar;
    };
  }, []);

  return (
    <div className={styles.bar} role="group" aria-label={t`Lead the room`}>
      {error && <ProblemNotice error={error} />}
      {asked ? (
        <div className={styles.acts}>
          <Button onClick={close}><Trans>Close for good</Trans></Button>
          <Button kind="quiet" onClick={() => setClosing(null)}>
            <Trans>Keep it open</Trans>
          </Button>
        </div>
      ) : (
        <div className={styles.acts}>
          {(status === "draft" || status === "scheduled") && (
            <Button onClick={open} {...idle}>
              <Trans>Open voting</Trans>
            </Button>
          )}
          {status === "open" && (
            <Button onClick={() => setClosing(room.stage.poll ?? null)} {...idle}>
              <Trans>Close voting</Trans>
            </Button>
          )}
          {room.stage.poll && (
            <Button kind={over && !shown ? "main" : "quiet"} onClick={show} {...idle}>
              {shown ? t`Hide result` : t`Show result`}
            </Button>
          )}
          {!done && (
            <Button kind={!room.stage.poll || (over && shown) ? "main" : "quiet"} onClick={next} {...idle}>
              <Trans>Next</Trans>
            </Button>
          )}
        </div>
      )}
    </div>
  );
}

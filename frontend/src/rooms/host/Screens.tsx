import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useRef } from "react";
import { api, given } from "../../api/client";
import { Problem } from "../../api/problem";
import { Button } from "../../ui/Button";
import { Copy } from "../../ui/Copy";
import { Field } from "../../ui/Field";
import { ProblemNotice } from "../../ui/Notice";
import { moment } from "../../ui/time";
import rooms from "../Rooms.module.css";
import type { Room } from "../state";
import styles from "./Host.module.css";

/** The screens that show the room to a hall: links for them, and which there are. */
export function Screens({ room }: { room: Room }) {
  const queries = useQueryClient();
  const id = useRef(crypto.randomUUID()); // asked for again after a lost answer, the link takes the place of the one before
  const queryKey = ["room", room.room, "screens"];
  const params = { path: { room: room.room } };
  const screens = useQuery({ queryKey, queryFn: async () => given(await api.GET("/v1/votebooth/rooms/{room}/screens", { params })).items });
  const again = () => queries.invalidateQueries({ queryKey });
  const letIn = useMutation({
    mutationFn: async (label: string) =>
      given(await api.PUT("/v1/votebooth/rooms/{room}/screens/{screen}", { params: { path: { room: room.room, screen: id.current } }, body: { label } })),
    onSuccess: () => {
      id.current = crypto.randomUUID();
      return again();
    },
    gcTime: 0,
  });
  const turnAway = useMutation({
    mutationFn: async (screen: string) =>
      given(await api.DELETE("/v1/votebooth/rooms/{room}/screens/{screen}", { params: { path: { room: room.room, screen } } })),
    onSuccess: again,
  });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (!letIn.isPending) letIn.mutate(String(new FormData(event.currentTarget).get("label")));
  }

  return (
    <section aria-labelledby="screens" className={rooms.part}>
      <h2 id="screens"><Trans>Screens</Trans></h2>
      <form onSubmit={submit} className={rooms.part} aria-label={t`Let a screen in`}>
        <Field
          label={t`Name of a screen`}
          name="label"
          hint={t`May be left out.`}
          maxLength={60}
          autoComplete="off"
          error={letIn.error instanceof Problem ? letIn.error.of("label") : undefined}
        />
        <div>
          <Button type="submit" kind="quiet" aria-disabled={letIn.isPending}>
            <Trans>Make a link for the screen</Trans>
          </Button>
        </div>
      </form>
      {letIn.data && (
        <>
          <p><Trans>Whoever has this link sees what the audience sees, and can do nothing. It isn't shown again.</Trans></p>
          <div className={styles.small}>
            <a href={letIn.data.link} target="_blank" rel="noreferrer" className={rooms.link}>
              <Trans>Open the screen</Trans>
            </a>
            <Copy text={letIn.data.link} name={t`Copy the screen's link`} />
          </div>
        </>
      )}
      {letIn.error && !(letIn.error instanceof Problem && letIn.error.of("label")) && <ProblemNotice error={letIn.error} />}
      {screens.error && <ProblemNotice error={screens.error} />}
      {!!screens.data?.length && (
        <ul className={styles.list} aria-label={t`Screens that are let in`}>
          {screens.data.map((screen) => {
            const name = screen.label || t`A screen without a name`;
            return (
              <li key={screen.id}>
                <p>
                  <bdi>{name}</bdi> <span className={rooms.quiet}><Trans>let in {moment(screen.made_at)}</Trans></span>
                </p>
                <div className={styles.small}>
                  <Button
                    kind="quiet"
                    aria-label={t`Turn away: ${name}`}
                    aria-disabled={turnAway.isPending}
                    onClick={() => turnAway.isPending || turnAway.mutate(screen.id)}
                  >
                    <Trans>Turn it away</Trans>
                  </Button>
                </div>
              </li>
            );
          })}
        </ul>
      )}
      {turnAway.error && <ProblemNotice error={turnAway.error} kept={t`The screen is still let in.`} />}
    </section>
  );
}

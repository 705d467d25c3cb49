import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { useState } from "react";
import { api, given } from "../../api/client";
import { Problem } from "../../api/problem";
import { Person, nameOf } from "../../people/Person";
import { useRelations } from "../../people/relations";
import { useAccount } from "../../session/session";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { ProblemNotice } from "../../ui/Notice";
import rooms from "../Rooms.module.css";
import type { Room } from "../state";
import styles from "./Host.module.css";
import { useAct } from "./useAct";

/** Who runs the room; its owner says who else does. */
export function Hosts({ room }: { room: Room }) {
  const account = useAccount();
  const { act, busy, error } = useAct();
  const { owner, others = [] } = room.hosts;
  const hosts = [owner, ...others];
  const known = useRelations(hosts);
  const mine = account?.id === owner;

  return (
    <section aria-labelledby="hosts" className={rooms.part}>
      <h2 id="hosts"><Trans>Hosts</Trans></h2>
      <ul className={styles.list}>
        {hosts.map((host) => {
          const person = known.data?.find((each) => each.person.id === host)?.person;
          const self = host === account?.id;
          const name = self ? t`you` : person ? nameOf(person) : t`somebody`;
          return (
            <li key={host}>
              <p>
                {self ? t`You` : person ? <Person person={person} /> : t`Somebody`}
                {host === owner && <span className={rooms.quiet}> · <Trans>opened the room</Trans></span>}
              </p>
              {host !== owner && (mine || self) && !room.ended && (
                <div className={styles.small}>
                  <Button
                    kind="quiet"
                    aria-disabled={busy}
                    aria-label={self ? undefined : t`Take the part of a host away: ${name}`}
                    onClick={() =>
                      act(() => api.DELETE("/v1/votebooth/rooms/{room}/hosts/{account}", { params: { path: { room: room.room, account: host } } }))
                    }
                  >
                    {self ? t`Give up my part as a host` : t`Take the part away`}
                  </Button>
                </div>
              )}
            </li>
          );
        })}
      </ul>
      {error && <ProblemNotice error={error} />}
      {mine && !room.ended && <Adding room={room} />}
    </section>
  );
}

function Adding({ room }: { room: Room }) {
  const [handle, setHandle] = useState("");
  const add = useMutation({
    mutationFn: async (typed: string) => {
      const person = given(await api.GET("/v1/profiles/{handle}", { params: { path: { handle: typed.trim().replace(/^@/, "") } } }));
      given(
        await api.PUT("/v1/votebooth/rooms/{room}/hosts/{account}", { params: { path: { room: room.room, account: person.account } } }),
      );
    },
    onSuccess: () => setHandle(""),
  });
  const unknown = add.error instanceof Problem && add.error.status === 404;

  function submit(event: FormEvent) {
    event.preventDefault();
    if (handle.trim() && !add.isPending) add.mutate(handle);
  }

  return (
    <form onSubmit={submit} className={rooms.part}>
      <Field
        label={t`Handle of another host`}
        hint={t`They do all that you do, but for naming hosts.`}
        value={handle}
        autoCapitalize="none"
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setHandle(event.target.value)}
        error={unknown ? t`There is nobody with this handle.` : undefined}
      />
      <div>
        <Button type="submit" kind="quiet" aria-disabled={add.isPending}>
          <Trans>Add as a host</Trans>
        </Button>
      </div>
      {add.error && !unknown && <ProblemNotice error={add.error} kept={t`The handle is still here.`} />}
    </form>
  );
}

import { i18n } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useState } from "react";
import { api } from "../../api/client";
import { Button } from "../../ui/Button";
import { ProblemNotice } from "../../ui/Notice";
import rooms from "../Rooms.module.css";
import type { Room } from "../state";
import styles from "./Host.module.css";
import { useAct } from "./useAct";

/** Sets a countdown, or takes it away. */
export function Countdown({ room }: { room: Room }) {
  const { act, busy, error } = useAct();
  const set = (seconds: number) =>
    act(() => api.PUT("/v1/votebooth/rooms/{room}/timer", { params: { path: { room: room.room } }, body: { seconds } }));
  return (
    <section aria-labelledby="countdown" className={rooms.part}>
      <h2 id="countdown"><Trans>Countdown</Trans></h2>
      <div className={styles.small}>
        {[1, 2, 5, 10].map((minutes) => (
          <Button key={minutes} kind="quiet" aria-disabled={busy} onClick={() => set(60 * minutes)}>
            <Trans>{minutes} min</Trans>
          </Button>
        ))}
        {room.timer.ends_at && (
          <Button kind="quiet" aria-disabled={busy} onClick={() => set(0)}>
            <Trans>Take it away</Trans>
          </Button>
        )}
      </div>
      {error && <ProblemNotice error={error} />}
    </section>
  );
}

const switches = [
  ["asking", msg`The audience may ask`],
  ["moderated", msg`Questions wait until a host shows them`],
  ["reacting", msg`The audience may react`],
] as const;

/** How the room is run. */
export function Running({ room }: { room: Room }) {
  const { act, busy, error } = useAct();
  return (
    <section aria-labelledby="running" className={rooms.part}>
      <h2 id="running"><Trans>How it is run</Trans></h2>
      <div>
        {switches.map(([name, says]) => (
          <label key={name} className={rooms.check}>
            <input
              type="checkbox"
              checked={room.settings[name]}
              aria-disabled={busy}
              onChange={(event) => {
                const on = event.target.checked;
                act(() => api.PATCH("/v1/votebooth/rooms/{room}", { params: { path: { room: room.room } }, body: { [name]: on } }));
              }}
            />
            {i18n._(says)}
          </label>
        ))}
      </div>
      {error && <ProblemNotice error={error} />}
    </section>
  );
}

/** Ends the room, once one has said so twice. */
export function Ending({ room }: { room: Room }) {
  const { act, busy, error } = useAct();
  const [asked, setAsked] = useState(false);
  return (
    <section aria-labelledby="ending" className={rooms.part}>
      <h2 id="ending"><Trans>End</Trans></h2>
      {asked ? (
        <>
          <p><Trans>A room ends for good. Polls that are open stay open.</Trans></p>
          <div className={styles.small}>
            <Button
              aria-disabled={busy}
              onClick={() => act(() => api.POST("/v1/votebooth/rooms/{room}/end", { params: { path: { room: room.room } } }))}
            >
              <Trans>End it for good</Trans>
            </Button>
            <Button kind="quiet" onClick={() => setAsked(false)}>
              <Trans>Go on</Trans>
            </Button>
          </div>
        </>
      ) : (
        <div>
          <Button kind="quiet" onClick={() => setAsked(true)}>
            <Trans>End the room</Trans>
          </Button>
        </div>
      )}
      {error && <ProblemNotice error={error} />}
    </section>
  );
}

import { useMutation } from "@tanstack/react-query";
import { useRef } from "react";
import { api, given } from "../../api/client";
import { Button } from "../../ui/Button";
import { Copy } from "../../ui/Copy";
import { ProblemNotice } from "../../ui/Notice";
import { Qr } from "../../ui/Qr";
import rooms from "../Rooms.module.css";
import { grouped, type Room } from "../state";
import styles from "./Host.module.css";

/** How the audience and the screen come in. */
export function Invite({ room }: { room: Room }) {
  const id = useRef(crypto.randomUUID()); // asked for again, the link takes the place of the one before
  const screen = useMutation({
    mutationFn: async () =>
      given(
        await api.PUT("/v1/votebooth/rooms/{room}/screens/{screen}", {
          params: { path: { room: room.room, screen: id.current } },
          body: { label: "" },
        }),
      ),
  });
  if (!room.code || !room.link) return null;
  return (
    <section aria-labelledby="invite" className={rooms.part}>
      <h2 id="invite">Come in</h2>
      <p>
        Code <strong className={styles.code}>{grouped(room.code)}</strong>
      </p>
      <p>
        <a href={room.link}>{room.link}</a>
      </p>
      <div className={styles.small}>
        <Copy text={room.link} name="Copy the link" />
      </div>
      <Qr text={room.link} label={`QR code of ${room.link}`} />
      <h3>Screen</h3>
      {screen.data ? (
        <>
          <p>Whoever has this link sees what the audience sees, and can do nothing. It isn't shown again.</p>
          <div className={styles.small}>
            <a href={screen.data.link} target="_blank" rel="noreferrer" className={rooms.link}>
              Open the screen
            </a>
            <Copy text={screen.data.link} name="Copy the screen's link" />
          </div>
        </>
      ) : (
        <div>
          <Button kind="quiet" aria-disabled={screen.isPending} onClick={() => screen.isPending || screen.mutate()}>
            Make a link for the screen
          </Button>
        </div>
      )}
      {screen.error && <ProblemNotice error={screen.error} />}
    </section>
  );
}

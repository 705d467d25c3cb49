import { Copy } from "../../ui/Copy";
import { Qr } from "../../ui/Qr";
import rooms from "../Rooms.module.css";
import { grouped, type Room } from "../state";
import styles from "./Host.module.css";

/** How the audience comes in. */
export function Invite({ room }: { room: Room }) {
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
    </section>
  );
}

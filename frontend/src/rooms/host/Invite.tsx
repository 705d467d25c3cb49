import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
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
      <h2 id="invite"><Trans>Come in</Trans></h2>
      <p>
        <Trans>Code</Trans> <strong className={styles.code}>{grouped(room.code)}</strong>
      </p>
      <p>
        <a href={room.link}>{room.link}</a>
      </p>
      <div className={styles.small}>
        <Copy text={room.link} name={t`Copy the link`} />
      </div>
      <Qr text={room.link} label={t`QR code of ${room.link}`} />
    </section>
  );
}

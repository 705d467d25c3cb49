import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { api, given } from "../../api/client";
import { useAccount } from "../../session/session";
import { Notice, ProblemNotice } from "../../ui/Notice";
import { Page, useTitle } from "../../ui/Page";
import styles from "../Rooms.module.css";
import type { Room } from "../state";
import { Timer } from "../Timer";
import { useRoom } from "../useRoom";
import { Agenda } from "./Agenda";
import { Asked } from "./Asked";
import { Countdown, Ending, Running } from "./Controls";
import { Hosts } from "./Hosts";
import { Invite } from "./Invite";
import { OnStage } from "./OnStage";
import { Screens } from "./Screens";

/** A room as those who run it have it. */
export function HostPage() {
  const { id } = useParams({ from: "/rooms/$id/host" });
  const account = useAccount();
  const room = useQuery({
    queryKey: ["room", id, "host", account?.id],
    queryFn: async () => given(await api.GET("/v1/votebooth/rooms/{room}", { params: { path: { room: id } } })),
    staleTime: Number.POSITIVE_INFINITY, // from here on the stream says what changes
    gcTime: 0,
    retry: false,
  });
  if (room.data?.role === "host") return <Console key={room.data.room} read={room.data} />;
  if (!room.data && !room.error) return <Page title="">{null}</Page>;
  return (
    <Page title={t`Not to be had`}>
      <h1><Trans>You don't run this room</Trans></h1>
      {room.error ? <ProblemNotice error={room.error} /> : <p><Trans>Its hosts do.</Trans></p>}
      <p>
        <Link to="/rooms"><Trans>To my rooms</Trans></Link>
      </p>
    </Page>
  );
}

function Console({ read }: { read: Room }) {
  const { room, connected, aheadMs } = useRoom(read);
  useTitle(room.settings.title);
  const about = room.audience.about ?? 0;
  return (
    <div className={styles.page}>
      <header>
        <h1>
          <bdi>{room.settings.title}</bdi>
        </h1>
        <p className={styles.quiet}>{about > 0 ? plural(about, { one: "About # person is here", other: "About # people are here" }) : t`Fewer than five people are here`}</p>
      </header>
      {!connected && <Notice><Trans>The connection is lost; what you see may be old. Trying again …</Trans></Notice>}
      {room.ended && <Notice><Trans>This room has ended. What was voted on stays at each poll's own page.</Trans></Notice>}
      {room.timer?.ends_at && !room.ended && <Timer endsAt={room.timer.ends_at} aheadMs={aheadMs} />}
      <OnStage room={room} />
      {!room.ended && <Agenda room={room} />}
      {!room.ended && <Countdown room={room} />}
      <Asked room={room} />
      {!room.ended && <Invite room={room} />}
      {!room.ended && <Screens room={room} />}
      <Hosts room={room} />
      {!room.ended && <Running room={room} />}
      {!room.ended && <Ending room={room} />}
    </div>
  );
}

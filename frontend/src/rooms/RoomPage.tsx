import { i18n } from "@lingui/core";
import { msg, plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { api, given } from "../api/client";
import { SIGNED_IN } from "../early";
import { Problem } from "../api/problem";
import { session, useAccount } from "../session/session";
import { Notice, ProblemNotice } from "../ui/Notice";
import { Page, useTitle } from "../ui/Page";
import { Enter } from "./Join";
import { Questions } from "./Questions";
import styles from "./Rooms.module.css";
import { Stage } from "./Stage";
import type { Room } from "./state";
import { Timer } from "./Timer";
import { useRoom } from "./useRoom";

/** A room as its audience has it on the phone. */
export function RoomPage() {
  const { code } = useParams({ from: "/r/$code" });
  const account = useAccount();
  const queries = useQueryClient();
  const room = useQuery({
    queryKey: ["room", code, account?.id],
    queryFn: async () => {
      if (!(await session.token())) return null;
      const answer = await api.GET("/v1/votebooth/rooms/{room}", { params: { path: { room: code } } });
      return answer.response.status === 404 ? null : given(answer); // whoever isn't in is told no more than that
    },
    retry: (times, error) => !(error instanceof Problem) && times < 3,
    // Who comes in becomes a guest first: their form stays as it is meanwhile, with what it has to say.
    placeholderData: (before) => (before === null ? null : undefined),
    // Whoever is nobody isn't in: the form takes the place of the document's own, with what was typed into that.
    ...(account || localStorage.getItem(SIGNED_IN) ? {} : { initialData: null }),
    staleTime: Number.POSITIVE_INFINITY, // from here on the stream says what changes
  });

  /** Reads the room anew. An answer from before one came in may be under way still: it says that one isn't in. */
  async function comeIn() {
    await queries.cancelQueries({ queryKey: ["room", code] });
    await queries.invalidateQueries({ queryKey: ["room", code] });
  }

  if (room.data) return <Inside key={room.data.room} read={room.data} />;
  if (room.data === null) return <Enter code={code} onIn={() => void comeIn()} />;
  if (!room.error) return <Page title="">{null}</Page>;
  return (
    <Page title={t`Not to be had`}>
      <h1><Trans>This room can't be shown now</Trans></h1>
      <ProblemNotice error={room.error} />
    </Page>
  );
}

function Inside({ read }: { read: Room }) {
  const { room, connected, aheadMs } = useRoom(read);
  useTitle(room.settings.title);
  const about = room.audience.about ?? 0;
  return (
    <div className={styles.page}>
      <header>
        <h1>
          <bdi>{room.settings.title}</bdi>
        </h1>
        <p className={styles.quiet}>
          {about > 0 ? plural(about, { one: "About # person is here", other: "About # people are here" }) : t`A few people are here`}
          {room.mine?.name && (
            <Trans>
              ; you are <bdi>{room.mine.name}</bdi>
            </Trans>
          )}
        </p>
      </header>
      {!connected && <Notice><Trans>The connection is lost; what you see may be old. Trying again …</Trans></Notice>}
      {room.ended && <Notice><Trans>This room has ended. What was voted on stays at each poll's own page.</Trans></Notice>}
      {room.audience.hosts_away_since && !room.ended && (
        <Notice><Trans>The host is away right now. The room stays open: you can go on voting and asking.</Trans></Notice>
      )}
      {room.timer?.ends_at && !room.ended && <Timer endsAt={room.timer.ends_at} aheadMs={aheadMs} />}
      <Stage stage={room.stage} />
      {room.settings.reacting && !room.ended && <Reactions room={room} />}
      <Questions room={room} />
    </div>
  );
}

const signs = {
  clap: ["👏", msg`clap`],
  heart: ["❤️", msg`heart`],
  laugh: ["😂", msg`laugh`],
  party: ["🎉", msg`party`],
  think: ["🤔", msg`think`],
  up: ["👍", msg`up`],
} as const;
type Emoji = keyof typeof signs;

function Reactions({ room }: { room: Room }) {
  const react = useMutation({
    mutationFn: async (emoji: Emoji) =>
      given(await api.POST("/v1/votebooth/rooms/{room}/reactions", { params: { path: { room: room.room } }, body: { emoji } })),
  });
  const counts = room.reactions.counts ?? {};
  return (
    <section aria-label={t`Reactions`}>
      <div className={styles.reactions}>
        {(Object.keys(signs) as Emoji[]).map((emoji) => (
          <button key={emoji} type="button" aria-label={t`React: ${i18n._(signs[emoji][1])}`} onClick={() => react.mutate(emoji)}>
            {signs[emoji][0]} {counts[emoji] ? <span>{counts[emoji]}</span> : null}
          </button>
        ))}
      </div>
      {react.error && <ProblemNotice error={react.error} />}
    </section>
  );
}

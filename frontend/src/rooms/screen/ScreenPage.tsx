import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useLocation, useParams } from "@tanstack/react-router";
import { given, nobody, type Poll } from "../../api/client";
import { useLive } from "../../live/useLive";
import { Bars } from "../../results/bars/Bars";
import { found, standing } from "../../results/sentence";
import { Notice } from "../../ui/Notice";
import { Page, useTitle } from "../../ui/Page";
import { Qr } from "../../ui/Qr";
import { grouped, type Room, still } from "../state";
import { Timer } from "../Timer";
import { useBegun } from "../useBegun";
import styles from "./Screen.module.css";
import { useScreen } from "./useScreen";
import { hiddenBecause } from "../../results/hidden";

const MOST_QUESTIONS = 3;

/** What a hall looks at. It has no controls: hosts lead it from their phones. */
export function ScreenPage() {
  const { code } = useParams({ from: "/r/$code/screen" });
  const token = useLocation({ select: (location) => new URLSearchParams(location.hash.replace(/^#/, "")).get("token") ?? "" });
  const { room, connected, refused, aheadMs } = useScreen(code, token);
  useTitle(room?.settings.title ?? "");
  if (refused) {
    return (
      <Page title={t`Screen`}>
        <h1><Trans>This screen isn't let in</Trans></h1>
        <p><Trans>Its link is good no longer, or the room is over. A host makes a new one under “Screen”.</Trans></p>
      </Page>
    );
  }
  if (!room) return <Page title="">{null}</Page>;
  return (
    <div className={styles.screen}>
      <div className={styles.stage}>
        <h1>
          <bdi>{room.settings.title}</bdi>
        </h1>
        {!connected && <Notice><Trans>The connection is lost; this may be old. Trying again …</Trans></Notice>}
        {connected && room.audience.hosts_away_since && !room.ended && (
          <Notice><Trans>The host is away right now. Voting goes on.</Trans></Notice>
        )}
        {room.ended ? <p className={styles.big}><Trans>This room has ended. Thank you for voting.</Trans></p> : <Stage stage={room.stage} />}
        {!room.ended && room.timer.ends_at && <Timer endsAt={room.timer.ends_at} aheadMs={aheadMs} className={styles.timer} />}
      </div>
      <Aside room={room} />
    </div>
  );
}

function Aside({ room }: { room: Room }) {
  const about = room.audience.about ?? 0;
  const questions = room.questions.filter((question) => question.state === "shown" && !question.answered).slice(0, MOST_QUESTIONS);
  return (
    <aside className={styles.aside} aria-label={t`Come in, and ask`}>
      {room.link && room.code && !room.ended && (
        <div className={styles.invite}>
          <Qr text={room.link} label={t`QR code of ${room.link}`} />
          <div>
            <p>
              {new URL(room.link).host}
              <wbr />
              <span className={styles.path}>/join</span>
            </p>
            <p className={styles.code}>{grouped(room.code)}</p>
          </div>
        </div>
      )}
      {about > 0 && <p>{plural(about, { one: "About # person is here", other: "About # people are here" })}</p>}
      {questions.length > 0 && (
        <ol className={styles.questions} aria-label={t`Questions`}>
          {questions.map((question) => (
            <li key={question.id}>
              <span className={styles.votes}>▲ {question.votes ?? 0}</span>
              <bdi>{question.text}</bdi>
            </li>
          ))}
        </ol>
      )}
    </aside>
  );
}

function Stage({ stage }: { stage: Room["stage"] }) {
  const id = stage.poll;
  const begun = useBegun(stage);
  const poll = useQuery({
    queryKey: ["poll", "on a screen", id, stage.version],
    queryFn: async () => given(await nobody.GET("/v1/polls/{poll_id}", { params: { path: { poll_id: id ?? "" } } })),
    enabled: !!id,
    placeholderData: still(id),
    retry: false,
  });
  if (!id && begun) return <p className={styles.big}><Trans>That was all for now. Thank you for voting.</Trans></p>;
  if (!id) return <p className={styles.big}><Trans>Come in with your phone. The first poll appears here and there.</Trans></p>;
  if (poll.data) return <OnStage key={id} poll={poll.data} shown={stage.results_shown ?? false} />;
  return poll.error ? <p className={styles.big}><Trans>Look at your phone: this poll isn't open to everybody, or not yet.</Trans></p> : null;
}

function OnStage({ poll, shown }: { poll: Poll; shown: boolean }) {
  return (
    <section aria-labelledby="on-stage" className={styles.poll}>
      <h2 id="on-stage">
        <bdi>{poll.title}</bdi>
      </h2>
      {shown ? <Shown poll={poll} /> : <Choices poll={poll} />}
    </section>
  );
}

function Choices({ poll }: { poll: Poll }) {
  const live = useLive(poll.id, true); // how many have voted; where the poll hides its result, that is hidden, too
  const voted = live.sums?.ballots ?? 0;
  return (
    <>
      <ul className={styles.options}>
        {poll.options.map((option) => (
          <li key={option.id}>
            <bdi>{option.label}</bdi>
          </li>
        ))}
      </ul>
      <p>
        {poll.status === "open" ? t`Vote on your phone` : poll.status === "closed" ? t`Voting is over` : t`Voting opens soon`}
        {voted > 0 && ` · ${poll.status === "open" ? soFar(voted) : plural(voted, { one: "# voted", other: "# voted" })}`}
      </p>
    </>
  );
}

const soFar = (voted: number) => plural(voted, { one: "# voted so far", other: "# voted so far" });

function Shown({ poll }: { poll: Poll }) {
  const live = useLive(poll.id, true);
  const final = live.sums?.status === "final";
  const full = useQuery({
    queryKey: ["result", "on a screen", poll.id, live.sums?.seq],
    queryFn: async () => given(await nobody.GET("/v1/votebooth/polls/{poll_id}/results", { params: { path: { poll_id: poll.id } } })),
    enabled: final,
    placeholderData: keepPreviousData,
  });
  if (live.sums) {
    return (
      <>
        <p>{full.data ? found(full.data) : standing(live.sums)}</p>
        <Bars sums={live.sums} />
        <p>{final ? plural(live.sums.ballots, { one: "Final: # voted", other: "Final: # voted" }) : soFar(live.sums.ballots)}</p>
      </>
    );
  }
  return live.hidden && <p>{hiddenBecause(live.hidden)}</p>;
}

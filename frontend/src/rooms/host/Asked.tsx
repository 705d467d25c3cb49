import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { api } from "../../api/client";
import { Button } from "../../ui/Button";
import { ProblemNotice } from "../../ui/Notice";
import rooms from "../Rooms.module.css";
import type { Question, Room } from "../state";
import styles from "./Host.module.css";
import { useAct } from "./useAct";

type Edit = { shown?: boolean; pinned?: boolean; answered?: boolean };

/** What the audience asks, and what hosts make of it. */
export function Asked({ room }: { room: Room }) {
  const { act, busy, error } = useAct();
  const edit = (question: Question, body: Edit) =>
    act(() =>
      api.PATCH("/v1/votebooth/rooms/{room}/questions/{question}", {
        params: { path: { room: room.room, question: question.id } },
        body,
      }),
    );
  const waiting = room.questions.filter((question) => question.state === "waiting").length;

  return (
    <section aria-labelledby="questions" className={rooms.part}>
      <h2 id="questions"><Trans>Questions</Trans></h2>
      {room.questions.length === 0 && <p className={rooms.quiet}><Trans>Nobody has asked yet.</Trans></p>}
      {waiting > 0 && <p>{plural(waiting, { one: "One waits until you show it.", other: "# wait until you show them." })}</p>}
      <ul className={styles.list}>
        {room.questions.map((question) => {
          const acts: [string, Edit][] = [
            question.state === "shown" ? [t`Hide`, { shown: false }] : [t`Show`, { shown: true }],
            question.answered ? [t`Not answered`, { answered: false }] : [t`Answered`, { answered: true }],
            question.pinned ? [t`Unpin`, { pinned: false }] : [t`Pin`, { pinned: true }],
          ];
          return (
            <li key={question.id} data-state={question.state}>
              <p>
                <bdi>{question.text}</bdi>
              </p>
              <p className={rooms.quiet}>
                ▲ {question.votes ?? 0}
                {question.by && (
                  <>
                    {" · "}
                    <bdi>{question.by.name}</bdi>
                  </>
                )}
                {question.anonymous && ` (${t`the audience isn't told`})`}
                {question.state !== "shown" && ` · ${question.state}`}
                {question.pinned && ` · ${t`pinned`}`}
                {question.answered && ` · ${t`answered`}`}
              </p>
              {!room.ended && (
                <div className={styles.small}>
                  {acts.map(([name, body]) => (
                    <Button
                      key={name}
                      kind="quiet"
                      aria-disabled={busy}
                      aria-label={`${name}: ${question.text}`}
                      onClick={() => edit(question, body)}
                    >
                      {name}
                    </Button>
                  ))}
                </div>
              )}
            </li>
          );
        })}
      </ul>
      {error && <ProblemNotice error={error} />}
    </section>
  );
}

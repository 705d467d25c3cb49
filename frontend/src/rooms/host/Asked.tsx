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
      <h2 id="questions">Questions</h2>
      {room.questions.length === 0 && <p className={rooms.quiet}>Nobody has asked yet.</p>}
      {waiting > 0 && <p>{waiting === 1 ? "One waits" : `${waiting} wait`} until you show it.</p>}
      <ul className={styles.list}>
        {room.questions.map((question) => {
          const acts: [string, Edit][] = [
            question.state === "shown" ? ["Hide", { shown: false }] : ["Show", { shown: true }],
            question.answered ? ["Not answered", { answered: false }] : ["Answered", { answered: true }],
            question.pinned ? ["Unpin", { pinned: false }] : ["Pin", { pinned: true }],
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
                {question.anonymous && " (the audience isn't told)"}
                {question.state !== "shown" && ` · ${question.state}`}
                {question.pinned && " · pinned"}
                {question.answered && " · answered"}
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

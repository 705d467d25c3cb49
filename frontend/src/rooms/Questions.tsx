import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { api, given } from "../api/client";
import { Button } from "../ui/Button";
import { Notice, ProblemNotice } from "../ui/Notice";
import { Say } from "../ui/Say";
import styles from "./Rooms.module.css";
import type { Room } from "./state";

/** What the audience asks; each may want a question answered, and ask their own. */
export function Questions({ room }: { room: Room }) {
  const [mine, setMine] = useState(() => new Set(room.mine?.votes ?? []));
  const [asked, setAsked] = useState(0);
  const [anonymous, setAnonymous] = useState(false);
  // The same words keep their id until they are acknowledged, so that a lost answer makes no second question.
  const sent = useRef({ id: "", says: "" });
  const path = (question: string) => ({ path: { room: room.room, question } });

  const ask = useMutation({
    mutationFn: async (text: string) => {
      const body = { text, anonymous };
      const says = JSON.stringify(body);
      if (sent.current.says !== says) sent.current = { id: crypto.randomUUID(), says };
      const params = path(sent.current.id);
      given(await api.PUT("/v1/votebooth/rooms/{room}/questions/{question}", { params, body }));
    },
    onSuccess: () => {
      sent.current = { id: "", says: "" };
      setAsked((before) => before + 1);
    },
  });
  const vote = useMutation({
    mutationFn: async ({ id, on }: { id: string; on: boolean }) => {
      const params = path(id);
      if (on) given(await api.PUT("/v1/votebooth/rooms/{room}/questions/{question}/vote", { params }));
      else given(await api.DELETE("/v1/votebooth/rooms/{room}/questions/{question}/vote", { params }));
    },
    onSuccess: (_, { id, on }) =>
      setMine((before) => {
        const after = new Set(before);
        if (on) after.add(id);
        else after.delete(id);
        return after;
      }),
  });

  return (
    <section aria-labelledby="questions" className={styles.part}>
      <h2 id="questions"><Trans>Questions</Trans></h2>
      {room.questions.length === 0 && <p className={styles.quiet}><Trans>Nobody has asked yet.</Trans></p>}
      <ul className={styles.questions}>
        {room.questions.map((question) => (
          <li key={question.id}>
            <div>
              <p>
                <bdi>{question.text}</bdi>
              </p>
              <p className={styles.quiet}>
                {question.by ? <bdi>{question.by.name}</bdi> : t`Without a name`}
                {question.pinned && ` · ${t`pinned`}`}
                {question.answered && ` · ${t`answered`}`}
              </p>
            </div>
            <Button
              kind={mine.has(question.id) ? "main" : "quiet"}
              aria-pressed={mine.has(question.id)}
              aria-label={t`Want this answered: ${question.text} (${question.votes ?? 0})`}
              onClick={() => vote.mutate({ id: question.id, on: !mine.has(question.id) })}
            >
              ▲ {question.votes ?? 0}
            </Button>
          </li>
        ))}
      </ul>
      {vote.error && <ProblemNotice error={vote.error} />}
      {room.settings.asking && !room.ended && (
        <>
          <Say
            key={asked}
            label={t`Your question`}
            verb={t`Ask`}
            most={300}
            sending={ask.isPending}
            error={ask.error}
            onSay={(text) => ask.mutate(text)}
          />
          <label className={styles.check}>
            <input type="checkbox" checked={anonymous} onChange={(event) => setAnonymous(event.target.checked)} />
            <Trans>Don't tell the audience my name. Hosts see it.</Trans>
          </label>
          {asked > 0 && (
            <Notice>{room.settings.moderated ? t`Your question is with the hosts, who show it or don't.` : t`Your question is asked.`}</Notice>
          )}
        </>
      )}
    </section>
  );
}

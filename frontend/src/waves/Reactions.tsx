import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { api, given } from "../api/client";
import { useAccount } from "../session/session";
import { AppealForm, ReportForm } from "../moderation/Ask";
import { ProblemNotice } from "../ui/Notice";
import { remove, replace, type WaveBody } from "./cache";
import { EditWave } from "./EditWave";
import { react, type Reaction } from "./reactions";
import { WriteWave } from "./WriteWave";
import styles from "./Waves.module.css";

const emojis = ["🎉", "❤️", "😂", "😮", "🤔", "😢", "🙏", "👀"];

type Open = "emoji" | "edit" | "delete" | "words" | "report" | "appeal" | null;

/** What others did with a Wave, and what this reader may do. */
export function Reactions({ wave }: { wave: WaveBody }) {
  const account = useAccount();
  const queries = useQueryClient();
  const [more, setMore] = useState(false);
  const [open, setOpen] = useState<Open>(null);
  const [said, say] = useState("");
  const row = useRef<HTMLDivElement>(null);
  const act = useMutation({
    mutationFn: ({ reaction, on }: { reaction: Reaction; on: boolean }) => react(wave, reaction, on),
    onSuccess: (next) => replace(queries, wave.id, () => next),
  });
  const erase = useMutation({
    mutationFn: async () => given(await api.DELETE("/v1/expressions/waves/{wave_id}", { params: { path: { wave_id: wave.id } } })),
    onSuccess: () => remove(queries, wave.id),
  });
  const { counts, mine } = wave;
  const may = account?.kind === "user";
  const own = account?.id === wave.author.id;
  const shown = wave.state === "shown";
  const shares = wave.visibility === "public" && shown;

  function leave(told = "") {
    const was = open;
    setOpen(null);
    say(told);
    requestAnimationFrame(() => row.current?.querySelector<HTMLElement>(`[data-opens="${was}"]`)?.focus());
  }
  const opener = (opens: NonNullable<Open>, name: string) => (
    <button
      type="button"
      className={styles.act}
      data-opens={opens}
      aria-expanded={open === opens}
      onClick={() => setOpen(open === opens ? null : opens)}
    >
      {name}
    </button>
  );
  const toggle = (reaction: Reaction, on: boolean, count: number, name: string, sign: string) => (
    <button
      key={sign}
      type="button"
      className={styles.act}
      aria-pressed={on}
      aria-label={`${name}, ${count}`}
      disabled={!may}
      onClick={() => !act.isPending && act.mutate({ reaction, on: !on })}
    >
      <span aria-hidden="true">{sign}</span> {count > 0 && <span aria-hidden="true">{count}</span>}
    </button>
  );
  return (
    <>
      <div className={styles.acts} ref={row}>
        {toggle("like", !!mine?.like, counts.likes, t`Like`, t`Like`)}
        {toggle("clap", !!mine?.clap, counts.claps, t`Clap`, t`Clap`)}
        {Object.entries(counts.emojis).map(([emoji, count]) => toggle({ emoji }, mine?.emoji === emoji, count, emoji, emoji))}
        {may && opener("emoji", t`React`)}
        {shares && (
          <button
            type="button"
            className={styles.act}
            aria-pressed={!!mine?.ripple}
            aria-label={t`Ripple, ${counts.ripples}`}
            disabled={!may}
            onClick={() => !act.isPending && act.mutate({ reaction: "ripple", on: !mine?.ripple })}
          >
            <Trans>Ripple</Trans> {counts.ripples > 0 && counts.ripples}
          </button>
        )}
        {may && (
          <button type="button" className={styles.act} aria-expanded={more} onClick={() => setMore(!more)}>
            {more ? t`Less` : t`More`}
          </button>
        )}
        {more && shares && opener("words", t`Ripple with words`)}
        {more && own && shown && opener("edit", t`Edit`)}
        {more && own && !shown && opener("appeal", t`Appeal`)}
        {more && own && opener("delete", t`Delete`)}
        {more && !own && opener("report", t`Report`)}
      </div>
      <p role="status" className={styles.said}>
        {said}
      </p>
      {act.error && <ProblemNotice error={act.error} />}
      {open === "emoji" && (
        <div className={styles.acts} role="group" aria-label={t`React with`}>
          {emojis.map((emoji) => (
            <button
              key={emoji}
              type="button"
              className={styles.emoji}
              aria-pressed={mine?.emoji === emoji}
              onClick={() => {
                act.mutate({ reaction: { emoji }, on: mine?.emoji !== emoji });
                leave();
              }}
            >
              {emoji}
            </button>
          ))}
        </div>
      )}
      {open === "words" && (
        <WriteWave of={wave.id} onDone={(made) => leave(made ? t`Your Ripple is published.` : "")} />
      )}
      {open === "edit" && <EditWave wave={wave} onDone={leave} />}
      {open === "report" && <ReportForm kind="wave" id={wave.id} onDone={leave} />}
      {open === "appeal" && <AppealForm kind="wave" id={wave.id} onDone={leave} />}
      {open === "delete" && (
        <div>
          <p><Trans>Delete it for good, with its reactions?</Trans></p>
          {erase.error && <ProblemNotice error={erase.error} kept={t`It is still there.`} />}
          <div className={styles.acts}>
            <button type="button" className={styles.act} autoFocus aria-disabled={erase.isPending} onClick={() => erase.mutate()}>
              <Trans>Delete the Wave</Trans>
            </button>
            <button type="button" className={styles.act} onClick={() => leave()}>
              <Trans>Keep it</Trans>
            </button>
          </div>
        </div>
      )}
    </>
  );
}

import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { api, given, type Schemas } from "../api/client";
import { Problem } from "../api/problem";
import { useAccount } from "../session/session";
import { Button } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { Field } from "../ui/Field";
import { ProblemNotice } from "../ui/Notice";
import { Text } from "../ui/Text";
import { useTyped } from "../ui/typed";
import { WAVES, type Wave } from "./cache";
import { keepWords, keptWords } from "./kept";
import { type Picked, send } from "./pick";
import { PickButton, PickedPictures } from "./PickPictures";
import styles from "./Waves.module.css";

const MOST = 500; // characters, as people see them
const characters = new Intl.Segmenter();

/** Drawn by the build (src/still.tsx): what is typed there is kept (ui/typed.ts). */
const STILL = import.meta.env.SSR;

type Props = {
  /** The code of a poll that it is to be about. */
  about?: string | undefined;
  /** The Wave that it shares on. */
  of?: string;
  /** Of a form that was opened: how it is left. */
  onDone: (made: Wave | null) => void;
};

/** Publishes a Wave. A second press, or a retry after a lost answer, publishes no second one. */
export function WriteWave({ about, of, onDone }: Props) {
  const queries = useQueryClient();
  const field = useRef<HTMLTextAreaElement>(null);
  const before = useTyped(field, (more) => setText(more));
  const account = useAccount()?.id ?? "";
  const [text, setText] = useState(() => before.text || (of ? "" : keptWords(account)));
  useEffect(() => {
    if (!of) keepWords(account, text);
  }, [of, account, text]);
  const [opened, setOpened] = useState(!!of || !!about);
  const [poll, setPoll] = useState(about ?? "");
  const [asks, setAsks] = useState(!!about);
  const [picked, setPicked] = useState<Picked[]>([]);
  const key = useRef(crypto.randomUUID());
  const write = useMutation({
    mutationFn: async (visibility: Schemas["WaveNew"]["visibility"]) => {
      const code = asks ? codeIn(poll) : "";
      const found = code ? given(await api.GET("/v1/polls/by-code/{code}", { params: { path: { code } } })) : null;
      const images = await send(picked, (done, image) =>
        setPicked((old) => old.map((one) => (one.preview === done.preview ? { ...one, image } : one))),
      );
      return given(
        await api.POST("/v1/expressions/waves", {
          params: { header: { "Idempotency-Key": key.current } },
          body: { text, visibility, images, poll: found?.id ?? null, ripple_of: of ?? null },
        }),
      );
    },
    onSuccess: (made) => {
      key.current = crypto.randomUUID();
      setText("");
      for (const { preview } of picked) URL.revokeObjectURL(preview);
      setPicked([]);
      setPoll("");
      setAsks(false);
      void queries.invalidateQueries({ queryKey: [WAVES, "of", made.author.id] });
      onDone(made);
    },
    onError: (error) => {
      if (error instanceof Problem) key.current = crypto.randomUUID();
      // Ready for longer than the server keeps what nothing shows: they are sent again.
      if (error instanceof Problem && error.slug === "image-used") setPicked((old) => old.map(({ image: _, ...one }) => one));
    },
  });
  const problem = write.error instanceof Problem ? write.error : null;
  const noPoll = problem?.status === 404 && asks;
  const left = MOST - [...characters.segment(text)].length;

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const visibility = new FormData(event.currentTarget).get("visibility") as Schemas["WaveNew"]["visibility"];
    if (!write.isPending) write.mutate(visibility ?? "public");
  }

  return (
    <form onSubmit={submit} className={styles.write} onKeyDown={(event) => event.key === "Escape" && of && onDone(null)}>
      <Text
        label={of ? t`Your words` : t`A new Wave`}
        name="text"
        rows={2}
        value={text}
        ref={field}
        autoFocus={!!of}
        data-still={STILL || undefined}
        onFocus={() => setOpened(true)}
        required={!asks && (!picked.length || !!of)}
        onChange={(event) => setText(event.target.value)}
        error={problem?.of("text") ?? (left < 0 ? plural(-left, { one: "# character too many", other: "# characters too many" }) : undefined)}
      />
      <PickedPictures
        picked={picked}
        onChange={setPicked}
        errorOf={(place) => problem?.of(`images.${place}.description`)}
      />
      {asks && (
        <Field
          label={t`Poll`}
          value={poll}
          required
          placeholder={t`Its link or code`}
          onChange={(event) => setPoll(event.target.value)}
          error={noPoll ? t`There is no poll with this code.` : problem?.of("poll")}
        />
      )}
      {write.error && !problem?.errors.length && !noPoll && <ProblemNotice error={write.error} kept={t`What you wrote is still here.`} />}
      {(opened || text) && (
        <div className={styles.bar}>
          <Choice label={t`Who sees it`} name="visibility">
            <option value="public"><Trans>Everybody</Trans></option>
            <option value="followers"><Trans>My followers</Trans></option>
            <option value="mentioned"><Trans>Those whom it names</Trans></option>
          </Choice>
          <PickButton picked={picked} onChange={setPicked} />
          {!of && !asks && (
            <Button kind="quiet" onClick={() => setAsks(true)}>
              <Trans>Add a poll</Trans>
            </Button>
          )}
          {of && (
            <Button kind="quiet" onClick={() => onDone(null)}>
              <Trans>Leave it</Trans>
            </Button>
          )}
          <Button type="submit" aria-disabled={write.isPending} disabled={left < 0}>
            {write.isPending ? t`Sending …` : of ? t`Ripple` : t`Publish`}
          </Button>
          {left >= 0 && left <= 50 && (
            <span className={styles.quiet} role="status">
              <Trans>{left} left</Trans>
            </span>
          )}
        </div>
      )}
    </form>
  );
}

/** "https://…/p/ABCD2345?x=1" or "abcd 2345" to a code. */
function codeIn(text: string): string {
  return (/\/p\/([^/?#\s]+)/.exec(text)?.[1] ?? text).replace(/[\s-]/g, "").toUpperCase();
}

import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { api, given, type Poll } from "../api/client";
import { Problem } from "../api/problem";
import { Button } from "../ui/Button";
import { download } from "../ui/download";
import { Field } from "../ui/Field";
import { Notice, ProblemNotice } from "../ui/Notice";
import styles from "./Voters.module.css";

/** Voting tokens: made as many as are wanted, told once, and saved as a table with a link for each. */
export function Tokens({ poll }: { poll: Poll }) {
  const key = useRef(crypto.randomUUID()); // a retry makes no tokens that nobody has seen
  const [made, setMade] = useState<string[]>([]);
  const [saved, setSaved] = useState(true);
  const make = useMutation({
    mutationFn: async (count: number) =>
      given(
        await api.POST("/v1/votebooth/polls/{poll_id}/tokens", {
          params: { path: { poll_id: poll.id }, header: { "Idempotency-Key": key.current } },
          body: { count },
        }),
      ).tokens,
    onSuccess: (tokens) => {
      key.current = crypto.randomUUID();
      setMade((before) => [...before, ...tokens]);
      setSaved(false);
    },
    onError: (error) => {
      if (error instanceof Problem) key.current = crypto.randomUUID();
    },
    gcTime: 0,
  });
  useEffect(() => {
    if (saved) return;
    const stay = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", stay);
    return () => window.removeEventListener("beforeunload", stay);
  }, [saved]);

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (!make.isPending) make.mutate(Number(new FormData(event.currentTarget).get("count")));
  }

  function save() {
    const rows = made.map((token, place) => `${place + 1},${token},${poll.link}#token=${token}`);
    download(new Blob([["number,token,link", ...rows, ""].join("\r\n")], { type: "text/csv" }), `voting-tokens-${poll.code}.csv`);
    setSaved(true);
  }

  return (
    <>
      <form onSubmit={submit} className={styles.part} aria-label={t`Make voting tokens`}>
        <p><Trans>Each token is good for one ballot, whoever has it. Hand out one a person, as its link or on paper.</Trans></p>
        <Field
          label={t`How many`}
          name="count"
          type="number"
          inputMode="numeric"
          min={1}
          max={10_000}
          step={1}
          required
          defaultValue={25}
          error={make.error instanceof Problem ? make.error.of("count") : undefined}
        />
        {make.error && <ProblemNotice error={make.error} />}
        <div>
          <Button type="submit" kind={made.length ? "quiet" : "main"} aria-disabled={make.isPending}>
            {make.isPending ? t`Making …` : made.length ? t`Make more` : t`Make the tokens`}
          </Button>
        </div>
      </form>
      {made.length > 0 && (
        <Notice kind="good">
          <p>
            {plural(made.length, {
              one: "Here is the token. It is shown this once: nobody can look it up, not even VoteWave.",
              other: "Here are # tokens. They are shown this once: nobody can look them up, not even VoteWave.",
            })}
          </p>
          <div className={styles.acts}>
            <Button onClick={save}><Trans>Save them as a table (CSV)</Trans></Button>
          </div>
          <details>
            <summary className={styles.summary}><Trans>Show them</Trans></summary>
            <ol className={styles.tokens} aria-label={t`Voting tokens`} tabIndex={0}>
              {made.map((token) => (
                <li key={token}>
                  <code>{token}</code>
                </li>
              ))}
            </ol>
          </details>
        </Notice>
      )}
    </>
  );
}

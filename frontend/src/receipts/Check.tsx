import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, given } from "../api/client";
import { Problem } from "../api/problem";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { Notice, ProblemNotice } from "../ui/Notice";
import styles from "../ui/form.module.css";

type Asked = { code: string; receipt: string };

/** Looks a receipt up: in one poll, or in the poll whose code is given with it. */
export function Check({ poll }: { poll?: string }) {
  const [typed, setTyped] = useState("");
  const check = useMutation({
    mutationFn: async ({ code, receipt }: Asked) => {
      const id = poll ?? given(await api.GET("/v1/polls/by-code/{code}", { params: { path: { code } } })).id;
      const answer = await api.GET("/v1/votebooth/polls/{poll_id}/receipts/{code}", { params: { path: { poll_id: id, code: receipt } } });
      return answer.response.status === 404 ? null : given(answer);
    },
  });
  const receipt = typed.replace(/[\s-]/g, "");
  const odd = receipt !== "" && !/^([0-9a-f]{2}){1,32}$/i.test(receipt);
  const noPoll = !poll && check.error instanceof Problem && [400, 404].includes(check.error.status);

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const text = String(new FormData(event.currentTarget).get("poll") ?? "");
    const code = (/\/p\/([^/?#\s]+)/.exec(text)?.[1] ?? text).replace(/[\s-]/g, "").toUpperCase();
    if (!check.isPending && !odd) check.mutate({ code, receipt });
  }

  return (
    <form onSubmit={submit} className={styles.form}>
      {!poll && (
        <Field label={t`Poll`} name="poll" required hint={t`Its link or code.`} error={noPoll ? t`There is no poll with this code.` : undefined} />
      )}
      <Field
        label={t`Receipt`}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        required
        autoComplete="off"
        spellCheck={false}
        error={odd ? t`A receipt has digits and the letters a to f alone, an even number of them.` : undefined}
      />
      {check.data && (
        <Notice kind="good">
          <p>
            <Trans><strong>It is counted.</strong> A ballot with this receipt is among those whose sum is the result. What it says is known to nobody by it.</Trans>
          </p>
        </Notice>
      )}
      {check.data === null && (
        <Notice>
          <p>
            <Trans><strong>No counted ballot has this receipt.</strong> It may be mistyped, of another poll, or of a ballot that was changed or withdrawn since.</Trans>
          </p>
        </Notice>
      )}
      {check.error && !noPoll && <ProblemNotice error={check.error} />}
      <div className={styles.actions}>
        <Button type="submit" kind={poll ? "quiet" : "main"} aria-disabled={check.isPending}>
          <Trans>Check the receipt</Trans>
        </Button>
      </div>
    </form>
  );
}

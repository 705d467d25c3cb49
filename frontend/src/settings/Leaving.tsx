import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, given, type Schemas } from "../api/client";
import { Problem } from "../api/problem";
import { session } from "../session/session";
import { Button } from "../ui/Button";
import { Notice, ProblemNotice } from "../ui/Notice";
import styles from "./Settings.module.css";
import { YourPassword } from "./YourPassword";
import { moment } from "../ui/time";

/** Deletes the account, after a second step that names what goes and what stays. */
export function Leaving({ onLeft }: { onLeft: (dueAt: string) => void }) {
  const [sure, setSure] = useState(false);
  const queries = useQueryClient();
  const leave = useMutation({
    mutationFn: async (body: Schemas["Deletion"]) => given(await api.POST("/v1/auth/me/deletion", { body })),
    onSuccess: ({ due_at: dueAt }) => {
      onLeft(dueAt);
      session.ended();
      queries.clear();
    },
  });
  const problem = leave.error instanceof Problem ? leave.error : null;

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (!leave.isPending) leave.mutate({ password: String(new FormData(event.currentTarget).get("password")) });
  }

  return (
    <section className={styles.form} aria-labelledby="leaving">
      <h2 id="leaving"><Trans>Delete your account</Trans></h2>
      <p>
        <Trans>All sessions and API keys end at once, and the account is deleted 14 days later. If you sign in before that, you keep it.</Trans>
      </p>
      {!sure && (
        <div>
          <Button kind="quiet" onClick={() => setSure(true)}>
            <Trans>Delete my account</Trans>
          </Button>
        </div>
      )}
      {sure && (
        <form onSubmit={submit} className={styles.form}>
          <p>
            <Trans>Ballots you have cast stay counted, and no longer say whose they were. Polls of yours that are open close then; closed ones
            stay, without your name. Drafts and all else go for good.</Trans>
          </p>
          <YourPassword problem={problem} autoFocus />
          {leave.error && !problem?.errors.length && <ProblemNotice error={leave.error} kept={t`Your account is as it was.`} />}
          <div className={styles.actions}>
            <Button type="submit" aria-disabled={leave.isPending}>
              <Trans>Delete my account in 14 days</Trans>
            </Button>
            <Button kind="quiet" onClick={() => setSure(false)}>
              <Trans>Keep it</Trans>
            </Button>
          </div>
        </form>
      )}
    </section>
  );
}

/** What is shown once the account is on its way out. */
export function Left({ dueAt }: { dueAt: string }) {
  return (
    <Notice kind="good">
      <p><Trans>Your account will be deleted on {moment(dueAt)}. You are signed out everywhere.</Trans></p>
      <p>
        <Trans>Did you change your mind?{" "}
        <Link to="/sign-in" search={{ then: "/settings" }}>
          Sign in
        </Link>{" "}
        before then, and you keep it.</Trans>
      </p>
    </Notice>
  );
}

import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { FormEvent } from "react";
import { api, given, type Schemas } from "../api/client";
import { Problem } from "../api/problem";
import { session, useAccount } from "../session/session";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { Notice, ProblemNotice } from "../ui/Notice";
import styles from "./Settings.module.css";
import { YourPassword } from "./YourPassword";

/** The address, the password, and an end to all sessions. */
export function AccountForms() {
  return (
    <>
      <Address />
      <Password />
      <Everywhere />
    </>
  );
}

function Address() {
  const account = useAccount();
  const me = useQuery({
    queryKey: ["account", account?.id],
    queryFn: async () => given(await api.GET("/v1/auth/me")),
  });
  const verify = useMutation({
    mutationFn: async () => given(await api.POST("/v1/auth/email/verification")),
  });
  const change = useMutation({
    mutationFn: async (body: Schemas["EmailChange"]) => given(await api.PUT("/v1/auth/email", { body })),
  });
  const problem = change.error instanceof Problem ? change.error : null;

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    change.mutate({ email: String(form.get("email")), password: String(form.get("password")) });
  }

  return (
    <section className={styles.form} aria-labelledby="address">
      <h2 id="address"><Trans>E-mail address</Trans></h2>
      {me.error && <ProblemNotice error={me.error} />}
      {me.data && (
        <div className={styles.actions}>
          <p>
            {me.data.email} {me.data.email_verified ? t`· confirmed` : t`· not confirmed yet`}
          </p>
          {!me.data.email_verified && (
            <Button kind="quiet" aria-disabled={verify.isPending} onClick={() => !verify.isPending && verify.mutate()}>
              <Trans>Send the mail again</Trans>
            </Button>
          )}
        </div>
      )}
      {verify.isSuccess && <Notice kind="good"><Trans>The mail is on its way.</Trans></Notice>}
      {verify.error && <ProblemNotice error={verify.error} />}
      <form onSubmit={submit} className={styles.form}>
        <Field label={t`New address`} name="email" type="email" autoComplete="email" required error={problem?.of("email")} />
        <YourPassword problem={problem} />
        {change.error && !problem?.errors.length && <ProblemNotice error={change.error} kept={t`Your address is the old one.`} />}
        {change.isSuccess && (
          <Notice kind="good"><Trans>A mail is on its way to {change.variables.email}. Your address changes when you open its link.</Trans></Notice>
        )}
        <div>
          <Button type="submit" kind="quiet" aria-disabled={change.isPending}>
            <Trans>Change my address</Trans>
          </Button>
        </div>
      </form>
    </section>
  );
}

function Password() {
  const change = useMutation({
    mutationFn: async (body: Schemas["PasswordChange"]) => given(await api.PUT("/v1/auth/password", { body })),
  });
  const queries = useQueryClient();
  const problem = change.error instanceof Problem ? change.error : null;

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const at = event.currentTarget;
    const form = new FormData(at);
    change.mutate(
      { current: String(form.get("current")), new: String(form.get("new")), keep_keys: form.get("keep") === "on" },
      {
        onSuccess: () => {
          at.reset();
          void queries.invalidateQueries({ queryKey: ["settings"] });
        },
      },
    );
  }

  return (
    <form onSubmit={submit} className={styles.form} aria-labelledby="password">
      <h2 id="password"><Trans>Password</Trans></h2>
      <Field
        label={t`Password as it is`}
        name="current"
        type="password"
        autoComplete="current-password"
        required
        maxLength={256}
        error={problem?.of("current")}
      />
      <Field
        label={t`New password`}
        name="new"
        type="password"
        autoComplete="new-password"
        required
        minLength={8}
        maxLength={256}
        hint={t`At least 8 characters. All other sessions end.`}
        error={problem?.of("new")}
      />
      <label className={styles.check}>
        <input type="checkbox" name="keep" />
        <span><Trans>Leave my API keys as they are. Only if nobody else can have known the old password.</Trans></span>
      </label>
      {change.error && !problem?.errors.length && <ProblemNotice error={change.error} kept={t`Your password is the old one.`} />}
      {change.isSuccess && <Notice kind="good"><Trans>Your password is changed. You are signed in here alone.</Trans></Notice>}
      <div>
        <Button type="submit" kind="quiet" aria-disabled={change.isPending}>
          <Trans>Change my password</Trans>
        </Button>
      </div>
    </form>
  );
}

function Everywhere() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const leave = useMutation({
    mutationFn: () => session.signOut({ everywhere: true }),
    onSuccess: () => {
      queries.clear();
      return navigate({ to: "/" });
    },
  });
  return (
    <section className={styles.form} aria-labelledby="everywhere">
      <h2 id="everywhere"><Trans>Sign out everywhere</Trans></h2>
      <p><Trans>All sessions end, this one too. API keys go on.</Trans></p>
      {leave.error && <ProblemNotice error={leave.error} />}
      <div>
        <Button kind="quiet" aria-disabled={leave.isPending} onClick={() => !leave.isPending && leave.mutate()}>
          <Trans>Sign out everywhere</Trans>
        </Button>
      </div>
    </section>
  );
}

// What mails lead to: confirming an address, and a new password. A mail's token stands behind the # of its link; it is
// taken out of the address at once, and used when somebody says so, since programs open links in mails as well.

import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useEffect, useState } from "react";
import { api, given } from "../api/client";
import { Problem } from "../api/problem";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { Notice, ProblemNotice } from "../ui/Notice";
import { Page } from "../ui/Page";
import styles from "../ui/form.module.css";

function useToken(): string {
  const [token] = useState(() => location.hash.slice(1));
  useEffect(() => history.replaceState(history.state, "", location.pathname), []);
  return token;
}

function NoToken() {
  return <p><Trans>This page is opened by the link in a mail. Copy the whole link, to its last letter.</Trans></p>;
}

export function Forgot() {
  const ask = useMutation({
    mutationFn: async (email: string) => given(await api.POST("/v1/auth/password/reset", { body: { email } })),
  });
  const problem = ask.error instanceof Problem ? ask.error : null;

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    ask.mutate(String(new FormData(event.currentTarget).get("email")));
  }

  return (
    <Page title={t`Forgotten password`}>
      <h1><Trans>Forgotten password</Trans></h1>
      {ask.isSuccess ? (
        <Notice kind="good">
          <p><Trans>If {ask.variables} has an account, a mail is on its way. Its link is good for an hour.</Trans></p>
        </Notice>
      ) : (
        <form onSubmit={submit} className={styles.form}>
          <Field
            label={t`E-mail address`}
            name="email"
            type="email"
            autoComplete="username"
            required
            hint={t`We send you a link by which you choose a new password.`}
            error={problem?.of("email")}
          />
          {ask.error && !problem?.errors.length && <ProblemNotice error={ask.error} />}
          <div className={styles.actions}>
            <Button type="submit" disabled={ask.isPending}>
              <Trans>Send the link</Trans>
            </Button>
            <Link to="/sign-in"><Trans>Sign in</Trans></Link>
          </div>
        </form>
      )}
    </Page>
  );
}

export function Reset() {
  const token = useToken();
  const reset = useMutation({
    mutationFn: async (password: string) =>
      given(await api.POST("/v1/auth/password/reset/completion", { body: { token, new: password } })),
  });
  const problem = reset.error instanceof Problem ? reset.error : null;

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    reset.mutate(String(new FormData(event.currentTarget).get("new")));
  }

  return (
    <Page title={t`New password`}>
      <h1><Trans>New password</Trans></h1>
      {!token && <NoToken />}
      {reset.isSuccess && (
        <Notice kind="good">
          <p><Trans>Your password is changed, and you are signed out everywhere.</Trans></p>
          <p>
            <Link to="/sign-in"><Trans>Sign in</Trans></Link>
          </p>
        </Notice>
      )}
      {token && !reset.isSuccess && (
        <form onSubmit={submit} className={styles.form}>
          <Field
            label={t`New password`}
            name="new"
            type="password"
            autoComplete="new-password"
            required
            minLength={8}
            maxLength={256}
            hint={t`At least 8 characters. All sessions and API keys of your account end.`}
            error={problem?.of("new")}
          />
          {reset.error && !problem?.errors.length && <ProblemNotice error={reset.error} />}
          <div className={styles.actions}>
            <Button type="submit" disabled={reset.isPending}>
              <Trans>Change my password</Trans>
            </Button>
            <Link to="/forgot"><Trans>Send me another link</Trans></Link>
          </div>
        </form>
      )}
    </Page>
  );
}

export function Verify() {
  const token = useToken();
  const confirm = useMutation({
    mutationFn: async () => given(await api.POST("/v1/auth/email/confirmation", { body: { token } })),
  });
  return (
    <Page title={t`Confirm your address`}>
      <h1><Trans>Confirm your address</Trans></h1>
      {!token && <NoToken />}
      {confirm.isSuccess && (
        <Notice kind="good">
          <p><Trans>Your e-mail address is confirmed.</Trans></p>
        </Notice>
      )}
      {token && !confirm.isSuccess && (
        <>
          <p><Trans>Is this the address of your VoteWave account?</Trans></p>
          {confirm.error && <ProblemNotice error={confirm.error} />}
          <div className={styles.actions}>
            <Button type="button" disabled={confirm.isPending} onClick={() => confirm.mutate()}>
              <Trans>Yes, confirm it</Trans>
            </Button>
          </div>
        </>
      )}
    </Page>
  );
}

// What mails lead to: confirming an address, and a new password. A mail's token stands behind the # of its link; it is
// taken out of the address at once, and used when somebody says so, since programs open links in mails as well.

import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useEffect, useState } from "react";
import { api, given } from "../api/client";
import { Problem } from "../api/problem";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { Notice, ProblemNotice } from "../ui/Notice";
import { Page } from "../ui/Page";
import styles from "./form.module.css";

function useToken(): string {
  const [token] = useState(() => location.hash.slice(1));
  useEffect(() => history.replaceState(history.state, "", location.pathname), []);
  return token;
}

function NoToken() {
  return <p>This page is opened by the link in a mail. Copy the whole link, to its last letter.</p>;
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
    <Page title="Forgotten password">
      <h1>Forgotten password</h1>
      {ask.isSuccess ? (
        <Notice kind="good">
          <p>If {ask.variables} has an account, a mail is on its way. Its link is good for an hour.</p>
        </Notice>
      ) : (
        <form onSubmit={submit} className={styles.form}>
          <Field
            label="E-mail address"
            name="email"
            type="email"
            autoComplete="username"
            required
            hint="We send you a link by which you choose a new password."
            error={problem?.of("email")}
          />
          {ask.error && !problem?.errors.length && <ProblemNotice error={ask.error} />}
          <div className={styles.actions}>
            <Button type="submit" disabled={ask.isPending}>
              Send the link
            </Button>
            <Link to="/sign-in">Sign in</Link>
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
    <Page title="New password">
      <h1>New password</h1>
      {!token && <NoToken />}
      {reset.isSuccess && (
        <Notice kind="good">
          <p>Your password is changed, and you are signed out everywhere.</p>
          <p>
            <Link to="/sign-in">Sign in</Link>
          </p>
        </Notice>
      )}
      {token && !reset.isSuccess && (
        <form onSubmit={submit} className={styles.form}>
          <Field
            label="New password"
            name="new"
            type="password"
            autoComplete="new-password"
            required
            minLength={8}
            maxLength={256}
            hint="At least 8 characters. All sessions and API keys of your account end."
            error={problem?.of("new")}
          />
          {reset.error && !problem?.errors.length && <ProblemNotice error={reset.error} />}
          <div className={styles.actions}>
            <Button type="submit" disabled={reset.isPending}>
              Change my password
            </Button>
            <Link to="/forgot">Send me another link</Link>
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
    <Page title="Confirm your address">
      <h1>Confirm your address</h1>
      {!token && <NoToken />}
      {confirm.isSuccess && (
        <Notice kind="good">
          <p>Your e-mail address is confirmed.</p>
        </Notice>
      )}
      {token && !confirm.isSuccess && (
        <>
          <p>Is this the address of your VoteWave account?</p>
          {confirm.error && <ProblemNotice error={confirm.error} />}
          <div className={styles.actions}>
            <Button type="button" disabled={confirm.isPending} onClick={() => confirm.mutate()}>
              Yes, confirm it
            </Button>
          </div>
        </>
      )}
    </Page>
  );
}

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
      <h2 id="address">E-mail address</h2>
      {me.error && <ProblemNotice error={me.error} />}
      {me.data && (
        <div className={styles.actions}>
          <p>
            {me.data.email} {me.data.email_verified ? "· confirmed" : "· not confirmed yet"}
          </p>
          {!me.data.email_verified && (
            <Button kind="quiet" aria-disabled={verify.isPending} onClick={() => !verify.isPending && verify.mutate()}>
              Send the mail again
            </Button>
          )}
        </div>
      )}
      {verify.isSuccess && <Notice kind="good">The mail is on its way.</Notice>}
      {verify.error && <ProblemNotice error={verify.error} />}
      <form onSubmit={submit} className={styles.form}>
        <Field label="New address" name="email" type="email" autoComplete="email" required error={problem?.of("email")} />
        <Field
          label="Your password"
          name="password"
          type="password"
          autoComplete="current-password"
          required
          maxLength={256}
          error={problem?.of("password")}
        />
        {change.error && !problem?.errors.length && <ProblemNotice error={change.error} kept="Your address is the old one." />}
        {change.isSuccess && (
          <Notice kind="good">A mail is on its way to {change.variables.email}. Your address changes when you open its link.</Notice>
        )}
        <div>
          <Button type="submit" kind="quiet" aria-disabled={change.isPending}>
            Change my address
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
      <h2 id="password">Password</h2>
      <Field
        label="Password as it is"
        name="current"
        type="password"
        autoComplete="current-password"
        required
        maxLength={256}
        error={problem?.of("current")}
      />
      <Field
        label="New password"
        name="new"
        type="password"
        autoComplete="new-password"
        required
        minLength={8}
        maxLength={256}
        hint="At least 8 characters. All other sessions end."
        error={problem?.of("new")}
      />
      <label className={styles.check}>
        <input type="checkbox" name="keep" />
        <span>Leave my API keys as they are. Only if nobody else can have known the old password.</span>
      </label>
      {change.error && !problem?.errors.length && <ProblemNotice error={change.error} kept="Your password is the old one." />}
      {change.isSuccess && <Notice kind="good">Your password is changed. You are signed in here alone.</Notice>}
      <div>
        <Button type="submit" kind="quiet" aria-disabled={change.isPending}>
          Change my password
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
      <h2 id="everywhere">Sign out everywhere</h2>
      <p>All sessions end, this one too. API keys go on.</p>
      {leave.error && <ProblemNotice error={leave.error} />}
      <div>
        <Button kind="quiet" aria-disabled={leave.isPending} onClick={() => !leave.isPending && leave.mutate()}>
          Sign out everywhere
        </Button>
      </div>
    </section>
  );
}

import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { FormEvent } from "react";
import { Problem } from "../api/problem";
import { session } from "../session/session";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { ProblemNotice } from "../ui/Notice";
import { Page } from "../ui/Page";
import { handOver, takeUp } from "../words/account";
import styles from "../ui/form.module.css";

type Credentials = { email: string; password: string };

export const SignIn = () => <Enter up={false} />;
export const SignUp = () => <Enter up />;

function Enter({ up }: { up: boolean }) {
  const navigate = useNavigate();
  const { then } = useSearch({ from: up ? "/sign-up" : "/sign-in" });
  const enter = useMutation({
    mutationFn: async ({ email, password }: Credentials) => {
      await (up ? session.signUp(email, password) : session.signIn(email, password));
      // Whoever is signed in is, in whatever language; this browser asks again when they sign in next.
      await (up ? handOver() : takeUp()).catch(() => undefined);
    },
    onSuccess: () => navigate({ to: then ?? "/home" }),
  });
  const problem = enter.error instanceof Problem ? enter.error : null;

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    enter.mutate({ email: String(form.get("email")), password: String(form.get("password")) });
  }

  return (
    <Page title={up ? t`Sign up` : t`Sign in`}>
      <h1>{up ? t`Sign up` : t`Sign in`}</h1>
      {up && <p><Trans>With an account you make polls of your own. What you voted as a guest in this browser stays yours.</Trans></p>}
      <form onSubmit={submit} className={styles.form}>
        <Field label={t`E-mail address`} name="email" type="email" autoComplete="username" required error={problem?.of("email")} />
        <Field
          label={t`Password`}
          name="password"
          type="password"
          autoComplete={up ? "new-password" : "current-password"}
          required
          minLength={up ? 8 : undefined}
          maxLength={256}
          hint={up ? t`At least 8 characters. Several words are easy to remember.` : ""}
          error={problem?.of("password")}
        />
        {enter.error && !problem?.errors.length && <ProblemNotice error={enter.error} />}
        <div className={styles.actions}>
          <Button type="submit" disabled={enter.isPending}>
            {up ? t`Sign up` : t`Sign in`}
          </Button>
          {up ? (
            <Link to="/sign-in" search={{ then }}>
              <Trans>I have an account</Trans>
            </Link>
          ) : (
            <>
              <Link to="/sign-up" search={{ then }}>
                <Trans>I have no account yet</Trans>
              </Link>
              <Link to="/forgot"><Trans>I have forgotten my password</Trans></Link>
            </>
          )}
        </div>
      </form>
    </Page>
  );
}

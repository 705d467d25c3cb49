import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { api, given } from "../api/client";
import { Problem } from "../api/problem";
import { session, useAccount } from "../session/session";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { Notice, ProblemNotice } from "../ui/Notice";
import { Page } from "../ui/Page";
import { useTyped } from "../ui/typed";
import form from "../ui/form.module.css";

/** Drawn by the build (src/still.tsx): sent there, by "dialog" the form does nothing. */
const STILL = import.meta.env.SSR;

/** Where a room's code is typed. */
export function Join() {
  const navigate = useNavigate();
  const [asked, setAsked] = useState(false);
  const [text, setText] = useState("");
  const code = (text.trim().split("/").at(-1) ?? "").replace(/[\s-]/g, "");

  function open(event: FormEvent) {
    event.preventDefault();
    setAsked(true);
    if (code) void navigate({ to: "/r/$code", params: { code } });
  }

  return (
    <Page title={t`Join a room`}>
      <h1><Trans>Join a room</Trans></h1>
      <form onSubmit={open} className={form.form} noValidate>
        <Field
          label={t`Code of the room`}
          hint={t`Eight letters and digits, as the screen or the host shows them.`}
          value={text}
          onChange={(event) => setText(event.target.value)}
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          error={asked && !code ? t`Enter the code that you were given.` : undefined}
        />
        <div className={form.actions}>
          <Button type="submit"><Trans>Go to the room</Trans></Button>
        </div>
      </form>
    </Page>
  );
}

/** Where one who has a room's code says by which name they come in. */
export function Enter({ code, onIn }: { code: string; onIn: () => void }) {
  const user = useAccount()?.kind === "user";
  const field = useRef<HTMLInputElement>(null);
  const before = useTyped(field, (more) => setName(more));
  const [asked, setAsked] = useState(false);
  const [name, setName] = useState(before.text);
  const entering = useMutation({
    mutationFn: async () => {
      if (!(await session.token())) await session.guest();
      const params = { path: { room: code } };
      return given(await api.PUT("/v1/votebooth/rooms/{room}/me", { params, body: { name: name.trim() } }));
    },
    onSuccess: onIn,
  });
  const lacking = !user && !name.trim();
  const { error } = entering;
  const unknown = error instanceof Problem && error.status === 404;
  const wrong = error instanceof Problem ? error.of("name") : undefined;

  function enter(event?: FormEvent) {
    event?.preventDefault();
    setAsked(true);
    if (!lacking && !entering.isPending) entering.mutate();
  }

  const waits = useRef(true);
  useEffect(() => {
    if (!waits.current || !before.sent()) return;
    waits.current = false;
    enter();
  });

  return (
    <Page title={t`Come in`}>
      <h1><Trans>Come into the room</Trans></h1>
      <form onSubmit={enter} method={STILL ? "dialog" : undefined} className={form.form} noValidate>
        <Field
          label={user ? t`Your name here (optional)` : t`Your name here`}
          hint={user ? t`Without one you go by your own.` : t`Hosts see it, and so does the audience when you ask.`}
          data-still={STILL || undefined}
          ref={field}
          value={name}
          onChange={(event) => setName(event.target.value)}
          autoComplete="nickname"
          maxLength={40}
          error={wrong ?? (asked && lacking ? t`Enter a name.` : undefined)}
        />
        {unknown && (
          <Notice kind="stop"><Trans>There is no room with the code {code}. It may be mistyped, or the room is long over.</Trans></Notice>
        )}
        {error && !unknown && !wrong && <ProblemNotice error={error} />}
        <div className={form.actions}>
          <Button type="submit" aria-disabled={entering.isPending}>
            {entering.isPending ? t`Coming in …` : t`Come in`}
          </Button>
        </div>
      </form>
    </Page>
  );
}

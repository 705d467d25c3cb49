import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { api, given, type Poll } from "../api/client";
import { Problem } from "../api/problem";
import { Button } from "../ui/Button";
import { ProblemNotice } from "../ui/Notice";
import { Say } from "../ui/Say";
import styles from "./Share.module.css";

type Open = "close" | "note" | "delete" | null;

/** For a poll's owner: notes to voters, the end of voting, a copy, and the end of the poll. */
export function Owner({ poll, open: voting }: { poll: Poll; open: boolean }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [open, setOpen] = useState<Open>(null);
  const [said, say] = useState("");
  const keys = useRef({ note: crypto.randomUUID(), copy: crypto.randomUUID() }); // a retry makes nothing twice
  const handle = poll.owner.handle ?? "";
  const params = { path: { poll_id: poll.id } };
  const again = () => queries.invalidateQueries({ queryKey: ["poll"] });

  function done(told: string) {
    setOpen(null);
    say(told);
    return again();
  }
  const close = useMutation({
    mutationFn: async () => given(await api.POST("/v1/polls/{poll_id}/close", { params })),
    onSuccess: () => done(t`Voting is closed.`),
  });
  const note = useMutation({
    mutationFn: async (text: string) =>
      given(
        await api.POST("/v1/polls/{poll_id}/notes", {
          params: { ...params, header: { "Idempotency-Key": keys.current.note } },
          body: { text },
        }),
      ),
    onSuccess: () => {
      keys.current.note = crypto.randomUUID();
      return done(t`Your note stands above the ballot.`);
    },
    onError: (error) => {
      if (error instanceof Problem) keys.current.note = crypto.randomUUID();
    },
  });
  const copy = useMutation({
    mutationFn: async () =>
      given(await api.POST("/v1/polls/{poll_id}/duplicate", { params: { ...params, header: { "Idempotency-Key": keys.current.copy } } })),
    onSuccess: (made) => navigate({ to: "/polls/$id/edit", params: { id: made.id } }),
    onError: (error) => {
      if (error instanceof Problem) keys.current.copy = crypto.randomUUID();
    },
  });
  const publish = useMutation({
    mutationFn: async () => given(await api.POST("/v1/polls/{poll_id}/publish", { params })),
    onSuccess: () => done(t`It is published.`),
  });
  const shelve = useMutation({
    mutationFn: async (on: boolean) =>
      given(await (on ? api.POST("/v1/polls/{poll_id}/archive", { params }) : api.POST("/v1/polls/{poll_id}/unarchive", { params }))),
    onSuccess: again,
  });
  const erase = useMutation({
    mutationFn: async () => given(await api.DELETE("/v1/polls/{poll_id}", { params })),
    onSuccess: async () => {
      await navigate({ to: "/polls/mine" });
      queries.removeQueries({ queryKey: ["poll"] });
    },
  });
  const failed = close.error ?? copy.error ?? publish.error ?? shelve.error ?? erase.error;
  const press = (name: string, act: { isPending: boolean }, run: () => void, kind: "main" | "quiet" = "quiet") => (
    <Button kind={kind} aria-disabled={act.isPending} onClick={() => !act.isPending && run()}>
      {name}
    </Button>
  );
  const opener = (opens: NonNullable<Open>, name: string) => (
    <Button kind="quiet" aria-expanded={open === opens} onClick={() => setOpen(open === opens ? null : opens)}>
      {name}
    </Button>
  );
  return (
    <section className={styles.share} aria-label={t`Your poll`}>
      <div className={styles.actions}>
        {poll.status === "draft" && press(t`Publish the poll`, publish, () => publish.mutate(), "main")}
        {(poll.status === "draft" || poll.status === "scheduled" || voting) && (
          <Link to="/polls/$id/edit" params={{ id: poll.id }}>
            <Trans>Edit</Trans>
          </Link>
        )}
        {(poll.rules.eligibility === "roll" || poll.rules.eligibility === "tokens") && (
          <Link to="/polls/$id/voters" params={{ id: poll.id }}>
            {poll.rules.eligibility === "roll" ? t`Voters` : t`Voting tokens`}
          </Link>
        )}
        {poll.status !== "draft" && opener("note", t`Add a note`)}
        {voting && opener("close", t`Close voting`)}
        {press(t`Make a copy`, copy, () => copy.mutate())}
        {poll.status === "closed" && press(t({ message: "Archive", context: "verb" }), shelve, () => shelve.mutate(true))}
        {poll.status === "archived" && press(t`Take out of the archive`, shelve, () => shelve.mutate(false))}
        {opener("delete", t`Delete`)}
      </div>
      {!poll.owner.display_name && (
        <p>
          <Trans>
            Others read that it is by @{handle}. <Link to="/settings">Say your name</Link>
          </Trans>
        </p>
      )}
      <p role="status" className={styles.said}>
        {said}
      </p>
      {open === "note" && (
        <Say
          label={t`A note for voters; it can't be taken back`}
          verb={t`Add the note`}
          most={1000}
          sending={note.isPending}
          error={note.error}
          onSay={(text) => note.mutate(text)}
          onLeave={() => setOpen(null)}
        />
      )}
      {open === "close" && voting && (
        <div className={styles.actions}>
          <p><Trans>Closed voting can't be opened again.</Trans></p>
          {press(t`Close it for good`, close, () => close.mutate(), "main")}
        </div>
      )}
      {open === "delete" && (
        <div className={styles.actions}>
          <p><Trans>The poll, its ballots and its result are gone for everybody.</Trans></p>
          {press(t`Delete the poll for good`, erase, () => erase.mutate(), "main")}
        </div>
      )}
      {failed && <ProblemNotice error={failed} kept={t`Nothing has changed.`} />}
    </section>
  );
}

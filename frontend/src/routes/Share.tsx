import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, given, type Poll } from "../api/client";
import { Button } from "../ui/Button";
import { ProblemNotice } from "../ui/Notice";
import styles from "./Share.module.css";

/** For a poll's owner: how others get here, and the end of voting. */
export function Share({ poll, open }: { poll: Poll; open: boolean }) {
  const queries = useQueryClient();
  const [said, say] = useState("");
  const [sure, ask] = useState(false);
  const close = useMutation({
    mutationFn: async () => given(await api.POST("/v1/polls/{poll_id}/close", { params: { path: { poll_id: poll.id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["poll"] }),
  });

  async function copy() {
    try {
      await navigator.clipboard.writeText(poll.link);
      say("The link is copied.");
    } catch {
      say("This browser doesn't let pages copy; select the link instead.");
    }
  }

  return (
    <section className={styles.share} aria-label="Your poll">
      <p>
        Code <strong className={styles.code}>{poll.code}</strong>
      </p>
      <p>
        <a href={poll.link}>{poll.link}</a>
      </p>
      <div className={styles.actions}>
        <Button kind="quiet" onClick={() => void copy()}>
          Copy the link
        </Button>
        {open && !sure && (
          <Button kind="quiet" onClick={() => ask(true)}>
            Close voting
          </Button>
        )}
        {open && sure && (
          <Button disabled={close.isPending} onClick={() => close.mutate()}>
            Close it for good
          </Button>
        )}
      </div>
      <p role="status" className={styles.said}>
        {open && sure ? "Closed voting can't be opened again." : said}
      </p>
      {close.error && <ProblemNotice error={close.error} kept="Voting goes on." />}
    </section>
  );
}

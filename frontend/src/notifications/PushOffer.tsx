import { Trans } from "@lingui/react/macro";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Button } from "../ui/Button";
import { ProblemNotice } from "../ui/Notice";
import styles from "../settings/Settings.module.css";
import { decline, enable, mayAsk } from "./push";

/** Offers, once somebody has voted and never before, to tell them of what is new in this browser. */
export function PushOffer({ account }: { account: string }) {
  const queries = useQueryClient();
  const [done, setDone] = useState(false);
  const may = useQuery({ queryKey: ["notifications", "may-ask", account], queryFn: () => mayAsk(account), networkMode: "always" });
  const add = useMutation({
    mutationFn: () => enable(account),
    onSuccess: () => {
      setDone(true);
      void queries.invalidateQueries({ queryKey: ["notifications"] });
    },
  });
  if (done || !may.data) return null;
  return (
    <div className={styles.form}>
      <p><Trans>Shall this browser tell you when somebody answers you, or a poll that you watch closes?</Trans></p>
      <p className={styles.actions}>
        <Button kind="quiet" aria-disabled={add.isPending} onClick={() => !add.isPending && add.mutate()}>
          <Trans>Tell me</Trans>
        </Button>
        <Button
          kind="quiet"
          onClick={() => {
            decline();
            setDone(true);
          }}
        >
          <Trans>Not now</Trans>
        </Button>
      </p>
      {add.error && <ProblemNotice error={add.error} />}
    </div>
  );
}

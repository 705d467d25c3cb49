import { i18n } from "@lingui/core";
import { msg, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation } from "@tanstack/react-query";
import { api, given, type Poll } from "../api/client";
import { ballotHeaders } from "../ballots/secrets";
import { kindOf } from "../ballots/rules";
import { Button } from "../ui/Button";
import { download } from "../ui/download";
import { ProblemNotice } from "../ui/Notice";
import styles from "./Result.module.css";

const ofAll = [
  ["csv", msg`Ballots (CSV)`, "csv"],
  ["json", msg`Ballots and result (JSON)`, "json"],
] as const;
const ofRankings = [
  ["blt", msg`Ballots (BLT)`, "blt"],
  ["preflib", msg`Ballots (PrefLib)`, "soi"],
] as const;

/** The ballots of a poll that is over, by which anybody can count it again. */
export function Files({ poll }: { poll: Poll }) {
  const fetching = useMutation({
    mutationFn: async ([format, , extension]: (typeof ofAll | typeof ofRankings)[number]) => {
      const answer = await api.GET("/v1/votebooth/polls/{poll_id}/export", {
        params: { path: { poll_id: poll.id }, query: { format }, header: { "Ballot-Token": ballotHeaders(poll.id)["Ballot-Token"] } },
        parseAs: "blob",
      });
      download(given(answer) as unknown as Blob, `${poll.code}.${extension}`);
    },
  });
  const files = kindOf(poll.method) === "ranking" ? [...ofAll, ...ofRankings] : ofAll;
  return (
    <section aria-label={t`Files`} className={styles.files}>
      <p className={styles.quiet}>
        <Trans>Without names, receipts or times. <code>votewave tally</code> counts them to the same result.</Trans>
      </p>
      <div className={styles.acts}>
        {files.map((file) => (
          <Button key={file[0]} kind="quiet" aria-disabled={fetching.isPending} onClick={() => fetching.isPending || fetching.mutate(file)}>
            {i18n._(file[1])}
          </Button>
        ))}
      </div>
      {fetching.error && <ProblemNotice error={fetching.error} />}
    </section>
  );
}

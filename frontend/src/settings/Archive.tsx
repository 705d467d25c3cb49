import { Trans } from "@lingui/react/macro";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, given, type Schemas } from "../api/client";
import { Problem } from "../api/problem";
import { useAccount } from "../session/session";
import { Button } from "../ui/Button";
import { Notice, ProblemNotice } from "../ui/Notice";
import styles from "./Settings.module.css";
import { moment } from "../ui/time";

type View = Schemas["ArchiveView"];

const LOOK_MS = 2_000; // while it is prepared
const LINK_MS = 10 * 60_000; // its link is good for 15 minutes

/** A file with all that is mine: ask for it, wait, download. */
export function Archive() {
  const account = useAccount();
  const queries = useQueryClient();
  const queryKey = ["settings", "archive", account?.id];
  const archive = useQuery({
    queryKey,
    queryFn: readOrNone,
    refetchInterval: ({ state }) => (state.data?.state === "preparing" ? LOOK_MS : state.data?.state === "ready" && LINK_MS),
  });
  const ask = useMutation({
    mutationFn: async () => given(await api.POST("/v1/auth/me/archive")),
    onSuccess: (view) => {
      queries.setQueryData(queryKey, view);
      return queries.invalidateQueries({ queryKey });
    },
  });
  const preparing = archive.data?.state === "preparing";

  return (
    <section className={styles.form} aria-labelledby="archive">
      <h2 id="archive"><Trans>All that is yours</Trans></h2>
      <p><Trans>One zip file with what each part of VoteWave has of you, as JSON. You can ask for it once a day.</Trans></p>
      {archive.error && <ProblemNotice error={archive.error} />}
      {archive.data && <State view={archive.data} />}
      {ask.error && <ProblemNotice error={ask.error} />}
      <div>
        <Button
          kind="quiet"
          aria-disabled={ask.isPending || preparing}
          onClick={() => !ask.isPending && !preparing && ask.mutate()}
        >
          <Trans>Prepare a file</Trans>
        </Button>
      </div>
    </section>
  );
}

function State({ view }: { view: View }) {
  if (view.state === "preparing") return <Notice><Trans>Your file is being prepared. You can leave this page meanwhile.</Trans></Notice>;
  if (view.state === "failed" || !view.url) return <Notice kind="stop"><Trans>The file couldn't be prepared. Ask for it again.</Trans></Notice>;
  return (
    <Notice kind="good">
      <p className={styles.actions}>
        <a href={view.url} download>
          <Trans>Download your file</Trans>
        </a>
      </p>
      {view.until && <p><Trans>It is kept until {moment(view.until)}.</Trans></p>}
    </Notice>
  );
}

/** The archive, or null where none was asked for yet. */
async function readOrNone(): Promise<View | null> {
  try {
    return given(await api.GET("/v1/auth/me/archive"));
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}

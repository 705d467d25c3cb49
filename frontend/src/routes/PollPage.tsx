import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams, useSearch } from "@tanstack/react-router";
import { memo, Suspense, useState } from "react";
import { isOver, type Poll } from "../api/client";
import { Problem } from "../api/problem";
import { nameOf } from "../ballots/rules";
import { pollBy } from "../ballots/reading";
import { useBallotSeen, Voting } from "../ballots/Voting";
import type { Live } from "../live/messages";
import { useLive } from "../live/useLive";
import { Result } from "../results/Result";
import { forBoth } from "../people/times";
import { Person } from "../people/Person";
import { useAccount } from "../session/session";
import { Later } from "../ui/Later";
import { Notice, ProblemNotice } from "../ui/Notice";
import { Page, useTitle } from "../ui/Page";
import { part } from "../ui/part";
import styles from "./PollPage.module.css";
import { Share } from "./Share";

const Watch = part(async () => (await import("./Watch")).Watch);
const Owner = part(async () => (await import("./Owner")).Owner);
const Check = part(async () => (await import("../receipts/Check")).Check);
const Preview = part(async () => (await import("../making/Preview")).Preview);
const Thread = memo(part(async () => (await import("../comments/Thread")).Thread));

export function PollPage() {
  const { code } = useParams({ from: "/p/$code" });
  const poll = useQuery(pollBy(code));
  if (poll.data) return <Loaded key={poll.data.id} poll={poll.data} />;
  if (!poll.error) return <Page title="">{null}</Page>;
  if (poll.error instanceof Problem && poll.error.status === 404) {
    return (
      <Page title={t`No such poll`}>
        <h1><Trans>There is no poll with this code</Trans></h1>
        <p><Trans>It may be mistyped, or the poll was deleted.</Trans></p>
        <p>
          <Link to="/r/$code" params={{ code }}><Trans>It is the code of a room: go there</Trans></Link>
        </p>
        <p>
          <Link to="/"><Trans>Enter another code</Trans></Link>
        </p>
      </Page>
    );
  }
  return (
    <Page title={t`Not to be had`}>
      <h1><Trans>This poll can't be shown now</Trans></h1>
      <ProblemNotice error={poll.error} />
    </Page>
  );
}

function Loaded({ poll }: { poll: Poll }) {
  useTitle(poll.title);
  const live = useLive(poll.status === "draft" ? null : poll.id);
  const open = poll.status === "open" && live.sums?.status !== "final";
  const [over] = useState(isOver(poll.status)); // nothing moves when it ends
  // The head stays while a draft is published: it says so.
  return (
    <div className={styles.page} data-over={over || undefined}>
      <Head poll={poll} open={open} />
      {poll.status === "draft" ? <Draft poll={poll} /> : <Published poll={poll} open={open} live={live} />}
    </div>
  );
}

const Head = memo(function Head({ poll, open }: { poll: Poll; open: boolean }) {
  const account = useAccount();
  return (
    <header className={styles.head}>
      <p className={styles.meta}>
        <Trans>
          {nameOf(poll.method)} by <Person person={poll.owner} />
        </Trans>
      </p>
      <h1>
        <bdi>{poll.title}</bdi>
      </h1>
      {poll.description && <p className={styles.description}>{poll.description}</p>}
      <p className={styles.meta}>{when(poll)}</p>
      {poll.status !== "draft" && <Share poll={poll} />}
      {account?.id === poll.owner.id ? (
        <Suspense>
          <Owner poll={poll} open={open} />
        </Suspense>
      ) : (
        account?.kind === "user" &&
        (open || poll.status === "scheduled") && (
          <Suspense>
            <Watch poll={poll} />
          </Suspense>
        )
      )}
      {poll.notes.map((note) => (
        <Notice key={note.at}>
          <p>{note.text}</p>
        </Notice>
      ))}
    </header>
  );
});

/** A poll that only its owner sees: what it will be, to be tried. */
function Draft({ poll }: { poll: Poll }) {
  return (
    <Suspense>
      <Preview title={poll.title} method={poll.method} options={poll.options} />
    </Suspense>
  );
}

function Published({ poll, open, live }: { poll: Poll; open: boolean; live: Live }) {
  const { comment } = useSearch({ from: "/p/$code" });
  const [checking, setChecking] = useState(false);
  const seen = useBallotSeen(poll);
  return (
    <>
      <div>
        <Voting poll={poll} open={open} />
      </div>
      <Later>
        <div className={styles.result} hidden={!seen}>
          <Result poll={poll} live={live} />
          <details className={styles.check} onToggle={(event) => setChecking(event.currentTarget.open)}>
            <summary><Trans>Check a receipt</Trans></summary>
            {checking && (
              <Suspense>
                <Check poll={poll.id} />
              </Suspense>
            )}
          </details>
        </div>
        <div className={styles.comments} hidden={!seen}>
          <Suspense>
            <Thread poll={poll.id} meant={comment} />
          </Suspense>
        </div>
      </Later>
    </>
  );
}

const at = (poll: Poll, time: string) => forBoth(time, poll.time_zone, poll.owner);

function when(poll: Poll): string {
  if (poll.status === "draft") {
    const begins = poll.opens_at && at(poll, poll.opens_at);
    const ends = poll.closes_at && at(poll, poll.closes_at);
    if (begins && ends) return t`A draft: only you see it. Voting would begin ${begins}, and end ${ends}.`;
    if (begins) return t`A draft: only you see it. Voting would begin ${begins}, and end when you close it.`;
    if (ends) return t`A draft: only you see it. Voting would begin when you publish it, and end ${ends}.`;
    return t`A draft: only you see it. Voting would begin when you publish it, and end when you close it.`;
  }
  if (poll.status === "scheduled" && poll.opens_at) return t`Voting begins ${at(poll, poll.opens_at)}.`;
  if (poll.closed_at || isOver(poll.status)) {
    const ended = poll.closed_at ?? poll.closes_at;
    return ended ? t`Voting ended ${at(poll, ended)}.` : t`Voting is over.`;
  }
  return poll.closes_at ? t`Voting ends ${at(poll, poll.closes_at)}.` : t`Voting is open until it is closed by hand.`;
}

import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, given, type Schemas } from "../api/client";
import { ago } from "../feed/standing";
import { nameOf, Person } from "../people/Person";
import { useAccount } from "../session/session";
import { Button } from "../ui/Button";
import { More } from "../ui/More";
import { Notice, ProblemNotice } from "../ui/Notice";
import { Say } from "../ui/Say";
import styles from "./Moderation.module.css";

/** Whose comments and Waves are seen by themselves and moderators alone. */
export function Limits() {
  const account = useAccount();
  const pages = useInfiniteQuery({
    queryKey: ["moderation", "limits", account?.id],
    queryFn: async ({ pageParam: cursor }) => given(await api.GET("/v1/comments/limits", { params: { query: { cursor } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
  });
  const limits = pages.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section aria-label={t`Limits`} className={styles.form}>
      <p className={styles.quiet}>
        <Trans>What these people write is seen by themselves and moderators alone. They aren't told.</Trans>
      </p>
      {pages.data && limits.length === 0 && !pages.hasNextPage && (
        <Notice>
          <Trans>Nobody is limited. You limit the author of a comment where the comment waits.</Trans>
        </Notice>
      )}
      {limits.length > 0 && (
        <ul aria-label={t`Limited people`}>
          {limits.map((one) => (
            <One key={one.person.id} limit={one} />
          ))}
        </ul>
      )}
      <More pages={pages} />
    </section>
  );
}

function One({ limit }: { limit: Schemas["LimitView"] }) {
  const queries = useQueryClient();
  const lift = useMutation({
    mutationFn: async () =>
      given(await api.DELETE("/v1/comments/limits/{account_id}", { params: { path: { account_id: limit.person.id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["moderation", "limits"] }),
  });
  const name = nameOf(limit.person);
  return (
    <li className={styles.row}>
      <div>
        <strong>
          <Person person={limit.person} />
        </strong>{" "}
        <time className={styles.quiet} dateTime={limit.at}>
          {ago(limit.at)}
        </time>
        <p>
          <bdi>{limit.reason}</bdi>
        </p>
      </div>
      <Button
        kind="quiet"
        aria-label={t`Lift the limit of ${name}`}
        aria-disabled={lift.isPending}
        onClick={() => !lift.isPending && lift.mutate()}
      >
        <Trans>Lift the limit</Trans>
      </Button>
      {lift.error && <ProblemNotice error={lift.error} />}
    </li>
  );
}

/** The form that limits somebody. */
export function Limit({ person, onDone }: { person: Schemas["PersonView"]; onDone: () => void }) {
  const queries = useQueryClient();
  const limit = useMutation({
    mutationFn: async (reason: string) =>
      given(await api.PUT("/v1/comments/limits/{account_id}", { params: { path: { account_id: person.id } }, body: { reason } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["moderation"] });
      onDone();
    },
  });
  const name = nameOf(person);
  return (
    <div className={styles.form}>
      <p>
        <Trans>From then on nobody but {name} and moderators sees what they write and have written. They aren't told.</Trans>
      </p>
      <Say
        label={t`Why, for moderators`}
        verb={t`Limit the author`}
        most={500}
        sending={limit.isPending}
        error={limit.error}
        onSay={(reason) => limit.mutate(reason)}
        onLeave={onDone}
      />
    </div>
  );
}

import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, given, type Schemas } from "../api/client";
import { useAccount } from "../session/session";
import { ProblemNotice } from "../ui/Notice";
import styles from "../settings/Settings.module.css";
import { nameOfKind } from "./told";

type Preference = Schemas["KindPreference"];

/** What I want to be told of. Each takes effect at once. */
export function Preferences() {
  const account = useAccount();
  const key = ["notifications", "preferences", account?.id];
  const queries = useQueryClient();
  const found = useQuery({ queryKey: key, queryFn: async () => given(await api.GET("/v1/notifications/preferences")).kinds });
  const change = useMutation({
    mutationFn: async ({ kind, in_app }: Preference) =>
      given(await api.PATCH("/v1/notifications/preferences/{kind}", { params: { path: { kind } }, body: { in_app } })),
    onSettled: () => queries.invalidateQueries({ queryKey: ["notifications"] }),
  });
  return (
    <fieldset className={styles.form}>
      <legend className={styles.legend}><Trans>Tell me when …</Trans></legend>
      {found.error && <ProblemNotice error={found.error} />}
      {change.error && <ProblemNotice error={change.error} kept={t`It is as it was.`} />}
      <div>
        {found.data?.map((one) => (
          <label key={one.kind} className={styles.check}>
            <input
              type="checkbox"
              checked={change.isPending && change.variables.kind === one.kind ? change.variables.in_app : one.in_app}
              onChange={(event) => change.mutate({ ...one, in_app: event.target.checked })}
            />
            <span>{nameOfKind(one.kind)}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

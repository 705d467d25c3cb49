import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, given, type Schemas } from "../api/client";
import { useAccount } from "../session/session";
import { ProblemNotice } from "../ui/Notice";
import styles from "../settings/Settings.module.css";
import { nameOfKind } from "./told";

type Preference = Schemas["KindPreference"];
type Channel = "in_app" | "email" | "push";

/** What I want to be told of, and how. Each takes effect at once. */
export function Preferences() {
  const account = useAccount();
  const key = ["notifications", "preferences", account?.id];
  const queries = useQueryClient();
  const found = useQuery({ queryKey: key, queryFn: async () => given(await api.GET("/v1/notifications/preferences")).kinds });
  const change = useMutation({
    mutationFn: async ({ kind, channel, wanted }: { kind: Preference["kind"]; channel: Channel; wanted: boolean }) =>
      given(await api.PATCH("/v1/notifications/preferences/{kind}", { params: { path: { kind } }, body: { [channel]: wanted } })),
    onSettled: () => queries.invalidateQueries({ queryKey: ["notifications"] }),
  });
  const channels: [Channel, string][] = [
    ["in_app", t`Here`],
    ["email", t`Mail`],
    ["push", t`Browser`],
  ];
  const asked = change.isPending ? change.variables : null;
  return (
    <section className={styles.form} aria-labelledby="kinds">
      <h2 className={styles.legend} id="kinds"><Trans>Tell me when …</Trans></h2>
      {found.error && <ProblemNotice error={found.error} />}
      {change.error && <ProblemNotice error={change.error} kept={t`It is as it was.`} />}
      {found.data && (
        <table className={styles.kinds} aria-labelledby="kinds">
          <thead>
            <tr>
              <td />
              {channels.map(([channel, name]) => (
                <th key={channel} scope="col">{name}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {found.data.map((one) => {
              const kind = nameOfKind(one.kind);
              return (
                <tr key={one.kind}>
                  <th scope="row">{kind}</th>
                  {channels.map(([channel, name]) => (
                    <td key={channel}>
                      <label>
                        <input
                          type="checkbox"
                          aria-label={`${kind}: ${name}`}
                          checked={asked?.kind === one.kind && asked.channel === channel ? asked.wanted : one[channel]}
                          onChange={(event) => change.mutate({ kind: one.kind, channel, wanted: event.target.checked })}
                        />
                      </label>
                    </td>
                  ))}
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
    </section>
  );
}

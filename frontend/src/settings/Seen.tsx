import { i18n, type MessageDescriptor } from "@lingui/core";
import { msg, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, given, type Schemas } from "../api/client";
import { useAccount } from "../session/session";
import { ProblemNotice } from "../ui/Notice";
import styles from "./Settings.module.css";

type Name = keyof Schemas["MessagingPreferences"];

const says: [Name, MessageDescriptor][] = [
  ["receipts", msg`Let those I write with see how far I have read`],
  ["presence", msg`Let those I write with see whether I am here`],
];

/** What those I write with see of me. Each takes effect at once. */
export function Seen() {
  const account = useAccount();
  const key = ["messages", "preferences", account?.id];
  const queries = useQueryClient();
  const found = useQuery({ queryKey: key, queryFn: async () => given(await api.GET("/v1/messaging/mine/preferences")) });
  const change = useMutation({
    mutationFn: async (wanted: Partial<Schemas["MessagingPreferences"]>) => given(await api.PUT("/v1/messaging/mine/preferences", { body: wanted })),
    onSuccess: (kept) => queries.setQueryData(key, kept),
  });
  const shown = found.data && { ...found.data, ...(change.isPending ? change.variables : {}) };
  return (
    <fieldset className={styles.form}>
      <legend className={styles.legend}><Trans>In messages</Trans></legend>
      {found.error && <ProblemNotice error={found.error} />}
      {change.error && <ProblemNotice error={change.error} kept={t`It is as it was.`} />}
      {shown && (
        <div>
          {says.map(([name, text]) => (
            <label key={name} className={styles.check}>
              <input
                type="checkbox"
                checked={shown[name]}
                onChange={(event) => !change.isPending && change.mutate({ [name]: event.target.checked })}
              />
              <span>{i18n._(text)}</span>
            </label>
          ))}
        </div>
      )}
      <p className={styles.quiet}>
        <Trans>Nobody else sees either, and nobody at all whom you block. It holds from now on; what others have seen, they have seen.</Trans>
      </p>
    </fieldset>
  );
}

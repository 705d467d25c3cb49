import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { api, given, type Schemas } from "../api/client";
import { useAccount } from "../session/session";
import { Button } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { Field } from "../ui/Field";
import { ProblemNotice } from "../ui/Notice";
import styles from "../settings/Settings.module.css";

type Chosen = Schemas["DeliveryView"];

/** How and when I get mail about what others do. */
export function Delivery() {
  const account = useAccount();
  const queries = useQueryClient();
  const queryKey = ["notifications", "delivery", account?.id];
  const found = useQuery({ queryKey, queryFn: async () => given(await api.GET("/v1/notifications/delivery")) });
  const change = useMutation({
    mutationFn: async (body: Chosen) => given(await api.PUT("/v1/notifications/delivery", { body })),
    onSuccess: (chosen) => queries.setQueryData(queryKey, chosen),
  });
  if (!found.data) return found.error && <ProblemNotice error={found.error} />;
  const { email, digest, quiet_hours: quiet } = found.data;

  function save(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (change.isPending) return;
    const form = new FormData(event.currentTarget);
    const [begin, end] = [String(form.get("begin")), String(form.get("end"))];
    change.mutate({
      email: form.get("email") === "on",
      digest: form.get("digest") === "daily" ? "daily" : "none",
      // Whoever sets hours here means those of this clock.
      time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      quiet_hours: begin || end ? { begin, end } : null,
    });
  }

  return (
    <form className={styles.form} onSubmit={save}>
      <h2 className={styles.legend}>
        <Trans>Mail</Trans>
      </h2>
      <label className={styles.check}>
        <input type="checkbox" name="email" defaultChecked={email ?? true} />
        <span>
          <Trans>Tell me by mail, too</Trans>
        </span>
      </label>
      <Choice label={t`How often`} name="digest" defaultValue={digest ?? "none"}>
        <option value="none">{t`When something happens`}</option>
        <option value="daily">{t`Once a day, at eight`}</option>
      </Choice>
      <Field label={t`No mail from`} name="begin" type="time" defaultValue={quiet?.begin ?? ""} />
      <Field label={t`until`} name="end" type="time" defaultValue={quiet?.end ?? ""} />
      <Button type="submit" aria-disabled={change.isPending}>
        <Trans>Save</Trans>
      </Button>
      <span role="status">{change.isSuccess ? t`Saved.` : ""}</span>
      {change.error && <ProblemNotice error={change.error} kept={t`It is as it was.`} />}
    </form>
  );
}

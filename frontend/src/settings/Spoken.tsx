import { i18n } from "@lingui/core";
import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { useAccount } from "../session/session";
import { Button } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { ProblemNotice } from "../ui/Notice";
import { keepLanguage, language } from "../words/account";
import { follow, localeOf, locales } from "../words/locale";
import styles from "./Settings.module.css";

/** Which language the pages speak to me, wherever I sign in. */
export function Spoken() {
  const account = useAccount();
  const queries = useQueryClient();
  const queryKey = ["language", account?.id];
  const found = useQuery({ queryKey, queryFn: language });
  const save = useMutation({
    mutationFn: async (tag: string | null) => {
      queries.setQueryData(queryKey, await keepLanguage(tag));
      await follow(tag); // last, since the pages are drawn anew
    },
  });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (!save.isPending) save.mutate(String(new FormData(event.currentTarget).get("language")) || null);
  }

  return (
    <section className={styles.form} aria-labelledby="language">
      <h2 id="language"><Trans>Language</Trans></h2>
      {found.error && <ProblemNotice error={found.error} />}
      {found.data !== undefined && (
        <form key={found.data} className={styles.form} onSubmit={submit}>
          <Choice label={t`VoteWave speaks`} name="language" defaultValue={localeOf(found.data) ?? found.data ?? ""}>
            <option value="">{t`As each browser has it`}</option>
            {Object.entries(locales).map(([locale, name]) => (
              <option key={locale} value={locale} lang={locale}>
                {name}
              </option>
            ))}
            {found.data && !localeOf(found.data) && <option value={found.data}>{named(found.data)}</option>}
          </Choice>
          <p className={styles.quiet}>
            <Trans>It goes with your account, to wherever you sign in. Mails are in English.</Trans>
          </p>
          <div className={styles.actions}>
            <Button type="submit" aria-disabled={save.isPending}>
              <Trans>Save</Trans>
            </Button>
            <span role="status">{save.isSuccess ? t`Saved.` : ""}</span>
          </div>
          {save.error && <ProblemNotice error={save.error} kept={t`It is as it was.`} />}
        </form>
      )}
    </section>
  );
}

/** A language that somebody has chosen elsewhere and that isn't spoken here. */
const named = (tag: string): string => new Intl.DisplayNames(i18n.locale, { type: "language" }).of(tag) ?? tag;

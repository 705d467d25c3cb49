import { i18n } from "@lingui/core";
import { t } from "@lingui/core/macro";
import { useState } from "react";
import { ProblemNotice } from "../ui/Notice";
import { speakFromNowOn } from "./account";
import { type Locale, locales } from "./locale";
import styles from "./Language.module.css";

/** Where the language is chosen; each is called by its own name, for who doesn't know the one that is spoken. */
export function Language() {
  const [error, setError] = useState<Error | null>(null);

  function speak(locale: Locale) {
    setError(null);
    speakFromNowOn(locale).catch(setError);
  }

  return (
    <div className={styles.languages} role="group" aria-label={t`Language`}>
      {(Object.keys(locales) as Locale[]).map((locale) => (
        <button
          key={locale}
          type="button"
          lang={locale}
          className={styles.language}
          aria-pressed={locale === i18n.locale}
          onClick={() => locale !== i18n.locale && speak(locale)}
        >
          {locales[locale]}
        </button>
      ))}
      {error && <ProblemNotice error={error} />}
    </div>
  );
}

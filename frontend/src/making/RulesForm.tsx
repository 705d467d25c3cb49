import { i18n } from "@lingui/core";
import { msg, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import type { Schemas } from "../api/client";
import type { Problem } from "../api/problem";
import { Choice } from "../ui/Choice";
import type { Rules } from "./entry";
import styles from "./Making.module.css";
import { NumberField } from "./NumberField";
import { wrong as wrongField } from "../words/problems";

type Props = {
  rules: Rules;
  randomOrder: boolean;
  /** Voting has begun: only the listing can still change. */
  begun?: boolean;
  problem: Problem | null;
  onChange: (rules: Partial<Rules>) => void;
  onRandomOrder: (on: boolean) => void;
};

const whom = [
  ["anyone", msg`Anyone with the link, once a browser`],
  ["signed_in", msg`Anyone with an account`],
  ["followers", msg`People who follow me`],
  ["roll", msg`Those whom I invite by mail`],
  ["tokens", msg`Those to whom I give a voting token`],
] as const;

/** Who votes in a poll for followers: they have accounts. */
const ACCOUNTS: Partial<Rules> = { eligibility: "signed_in", strength: null };

/** Who may vote, who sees the result, where the poll is listed, and what is needed less often. */
export function RulesForm({ rules, randomOrder, begun = false, problem, onChange, onRandomOrder }: Props) {
  const haveAccounts = ["signed_in", "followers"].includes(rules.eligibility ?? "signed_in");
  const wrong = problem?.errors.filter((error) => error.field?.startsWith("rules")) ?? [];
  return (
    <fieldset className={styles.part}>
      <legend className={styles.legend}><Trans>Who, and what is seen?</Trans></legend>
      {!begun && (
        <>
          {rules.listing !== "followers" && (
            <Choice
              label={t`Who may vote`}
              name="eligibility"
              value={rules.eligibility ?? "signed_in"}
              onChange={(value) => onChange({ eligibility: value as Schemas["Eligibility"], strength: null })}
            >
              {whom.map(([value, says]) => (
                <option key={value} value={value}>
                  {i18n._(says)}
                </option>
              ))}
            </Choice>
          )}
          {(rules.eligibility === "roll" || rules.eligibility === "tokens") && (
            <p className={styles.quiet}>
              {rules.eligibility === "roll"
                ? t`Save it as a draft; then you enter the addresses. The mails leave when you publish it.`
                : t`Save it as a draft; then you get the tokens, and hand them out yourself.`}
            </p>
          )}
          <Choice
            label={t`Who sees the result`}
            name="results"
            value={rules.results ?? "always"}
            onChange={(value) => onChange({ results: value as Schemas["Visibility"], ...(value === "owner" && { minimum: null }) })}
          >
            <option value="always"><Trans>Everybody, at any time</Trans></option>
            <option value="after_vote"><Trans>Whoever has voted</Trans></option>
            <option value="after_close"><Trans>Everybody, once voting is over</Trans></option>
            <option value="owner"><Trans>I alone</Trans></option>
          </Choice>
        </>
      )}
      <Choice
        label={t`Where it is listed`}
        name="listing"
        value={rules.listing ?? "public"}
        onChange={(value) => onChange({ listing: value as Schemas["Listing"], ...(value === "followers" && !haveAccounts && ACCOUNTS) })}
      >
        <option value="unlisted"><Trans>Nowhere; it is found by link or code</Trans></option>
        <option value="public"><Trans>On the first page, for everybody</Trans></option>
        {(haveAccounts || !begun) && <option value="followers"><Trans>For people who follow me; nobody else can see it</Trans></option>}
      </Choice>
      {!begun && (
        <details className={styles.details}>
          <summary><Trans>More rules</Trans></summary>
          <div className={styles.part}>
            <div>
              <Check says={t`Nobody can join a ballot to a voter (anonymous)`} on={!!rules.anonymous} set={(anonymous) => onChange({ anonymous })} />
              <Check
                says="A vote can be changed"
                on={rules.change !== false}
                set={(change) => onChange({ change, ...(!change && { withdraw: null }) })}
              />
              <Check says={t`Voters may abstain`} on={!!rules.abstain} set={(abstain) => onChange({ abstain })} />
              <Check says={t`Each voter sees the options in an order of their own`} on={randomOrder} set={onRandomOrder} />
              {rules.eligibility === "anyone" && (
                <Check
                  says={t`One vote a network, instead of one a browser`}
                  on={rules.strength === "network"}
                  set={(on) => onChange({ strength: on ? "network" : null })}
                />
              )}
            </div>
            <div className={styles.pair}>
              <NumberField
                label={t`Ballots that make it binding`}
                hint={t`Empty: any number does.`}
                least={1}
                value={rules.quorum}
                onChange={(quorum) => onChange({ quorum })}
                error={problem?.of("rules.quorum")}
              />
              {rules.results !== "owner" && (
                <NumberField
                  label={t`Ballots before anything is shown`}
                  hint={t`Empty: it is shown from the first on.`}
                  least={0}
                  value={rules.minimum || null}
                  onChange={(minimum) => onChange({ minimum })}
                  error={problem?.of("rules.minimum")}
                />
              )}
            </div>
          </div>
        </details>
      )}
      {wrong.map((error) => (
        <p key={error.field} className={styles.error}>
          {wrongField(error)}
        </p>
      ))}
    </fieldset>
  );
}

function Check({ says, on, set }: { says: string; on: boolean; set: (on: boolean) => void }) {
  return (
    <label className={styles.check}>
      <input type="checkbox" checked={on} onChange={(event) => set(event.target.checked)} />
      <span>{says}</span>
    </label>
  );
}

import { i18n } from "@lingui/core";
import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useNavigate } from "@tanstack/react-router";
import { useAccount } from "../session/session";
import { Choice } from "../ui/Choice";
import { More } from "../ui/More";
import { Notice } from "../ui/Notice";
import { CaseCard } from "./CaseCard";
import { type Kind, kinds } from "./kind";
import { type Case, services } from "./kinds";
import { useMerged } from "./merged";
import styles from "./Moderation.module.css";
import { Silent } from "./Silent";

/** What waits for a moderator, of whatever kind, the oldest first: reports, appeals, and what a filter has kept back. */
export function Queue({ kind }: { kind: Kind | undefined }) {
  const account = useAccount();
  const navigate = useNavigate();
  const wanted = kind ? [kind] : kinds;
  const sources = Object.fromEntries(wanted.map((one) => [one, services[one].cases]));
  const { pages, items, silent } = useMerged<Case>(["moderation", "cases", account?.id, kind], sources, byWaiting);
  // What was decided and opened anew between two pages comes twice: it stands where it is now.
  const cases = [...new Map(items.map((one) => [one.id, one])).values()];
  return (
    <section aria-label={t`What waits`}>
      <div className={styles.filter}>
        <Choice
          label={t`Show`}
          name="kind"
          value={kind ?? ""}
          onChange={(value) => navigate({ to: "/moderation", search: value ? { kind: value as Kind } : {} })}
        >
          <option value="">{t`All that waits`}</option>
          {kinds.map((one) => (
            <option key={one} value={one}>
              {i18n._(services[one].name)}
            </option>
          ))}
        </Choice>
      </div>
      <Silent names={silent.map((one) => i18n._(services[one as Kind].name))} pages={pages} />
      {pages.data && cases.length === 0 && !pages.hasNextPage && silent.length === 0 && (
        <Notice>
          <Trans>Nothing waits. Reports, appeals, and what has filtered words will be here, the oldest first.</Trans>
        </Notice>
      )}
      {cases.length > 0 && (
        <ul className={styles.list}>
          {cases.map((one) => (
            <CaseCard key={one.id} about={one} />
          ))}
        </ul>
      )}
      <More pages={pages} />
    </section>
  );
}

function byWaiting(one: Case, other: Case): boolean {
  return Date.parse(one.opened_at) < Date.parse(other.opened_at);
}

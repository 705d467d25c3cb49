import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Check } from "../receipts/Check";
import { Page } from "../ui/Page";

/** Where anybody finds out whether a ballot is counted. */
export function Receipts() {
  return (
    <Page title={t`Receipts`}>
      <h1><Trans>Is my vote counted?</Trans></h1>
      <p><Trans>Each counted vote has a receipt, which its voter was shown. It says nothing of what was voted, so you may show it to others.</Trans></p>
      <Check />
    </Page>
  );
}

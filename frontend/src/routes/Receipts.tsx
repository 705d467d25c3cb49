import { Check } from "../receipts/Check";
import { Page } from "../ui/Page";

/** Where anybody finds out whether a ballot is counted. */
export function Receipts() {
  return (
    <Page title="Receipts">
      <h1>Is my vote counted?</h1>
      <p>Each counted vote has a receipt, which its voter was shown. It says nothing of what was voted, so you may show it to others.</p>
      <Check />
    </Page>
  );
}

// Why results aren't to be seen, by the reason that the API gives; its own words where a reason isn't known here.

import { t } from "@lingui/core/macro";

export function hiddenBecause({ reason, detail }: { reason: string; detail: string }): string {
  switch (reason) {
    case "after_vote":
      return t`The results are shown to those who have voted, and to everybody once the poll is over.`;
    case "after_close":
      return t`The results are shown once the poll is over.`;
    case "owner":
      return t`The results are for the poll's owner.`;
    case "minimum":
      return t`Fewer ballots have been cast than the poll needs before anything is shown.`;
    default:
      return detail;
  }
}

import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button } from "../ui/Button";
import { Notice } from "../ui/Notice";
import { listed } from "../words/format";

type Pages = { isFetching: boolean; refetch: () => unknown };

/** Says whose part of a list is missing, and asks for it again. */
export function Silent({ names, pages }: { names: string[]; pages: Pages }) {
  if (names.length === 0) return null;
  const missing = listed(names);
  return (
    <Notice kind="stop">
      <p>
        <Trans>This part is missing, because its service doesn't answer right now: {missing}. You see all the rest.</Trans>
      </p>
      <Button kind="quiet" aria-disabled={pages.isFetching} onClick={() => !pages.isFetching && pages.refetch()}>
        {pages.isFetching ? t`Bringing more …` : t`Try again`}
      </Button>
    </Notice>
  );
}

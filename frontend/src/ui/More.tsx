import { t } from "@lingui/core/macro";
import { Button } from "./Button";
import { ProblemNotice } from "./Notice";
import styles from "./More.module.css";

type Pages = {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  error: Error | null;
  fetchNextPage: () => unknown;
};

/** Ends a list of pages: brings the next one, and says what kept it away. A list without a next page has ended. */
export function More({ pages }: { pages: Pages }) {
  if (!pages.error && !pages.hasNextPage) return null;
  return (
    <div className={styles.more}>
      {pages.error && <ProblemNotice error={pages.error} />}
      <Button kind="quiet" aria-disabled={pages.isFetchingNextPage} onClick={() => !pages.isFetchingNextPage && pages.fetchNextPage()}>
        {pages.isFetchingNextPage ? t`Bringing more …` : pages.error ? t`Try again` : t`Show more`}
      </Button>
    </div>
  );
}

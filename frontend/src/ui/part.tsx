import { Trans } from "@lingui/react/macro";
import { type ComponentType, lazy } from "react";
import { Button } from "./Button";
import { Notice } from "./Notice";

/** A part of a page that is loaded when it is shown. If it can't be had, it says so in its place, and the rest stays. */
export function part<P extends object>(load: () => Promise<ComponentType<P>>) {
  return lazy(async (): Promise<{ default: ComponentType<P> }> => ({ default: await load().catch(() => Missing) }));
}

/** Nothing is loaded anew unless somebody asks for it: a ballot that isn't cast yet would be lost. */
function Missing() {
  return (
    <Notice>
      <p>
        <Trans>This part of the page can't be loaded: there is no connection, or a newer version of VoteWave has come. If you are
        about to vote, cast your ballot first.</Trans>
      </p>
      <Button onClick={() => location.reload()}><Trans>Load the page again</Trans></Button>
    </Notice>
  );
}

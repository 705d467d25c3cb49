import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { api, given, type Schemas } from "../api/client";
import { nameOf } from "../people/Person";
import { useAccount } from "../session/session";
import { Button } from "../ui/Button";
import { ProblemNotice } from "../ui/Notice";
import styles from "./Wish.module.css";

type Done = "hidden" | "less" | undefined;

/** An entry of my home feed, with what I can do about it: hide it, or see less of whoever wrote it. */
export function Wish({ entry, item }: { entry: Schemas["EntryView"]; item: ReactNode }) {
  const account = useAccount();
  const [open, setOpen] = useState(false);
  const [done, setDone] = useState<Done>();
  const wish = useMutation({
    mutationFn: async (now: Done) => {
      const thing = { params: { path: { thing: entry.id } } };
      const person = { params: { path: { account: entry.author.id } } };
      if (now === "hidden") given(await api.PUT("/v1/feed/hidden/{thing}", thing));
      else if (now === "less") given(await api.PUT("/v1/feed/less/{account}", person));
      else if (done === "hidden") given(await api.DELETE("/v1/feed/hidden/{thing}", thing));
      else given(await api.DELETE("/v1/feed/less/{account}", person));
    },
    onSuccess: (_, now) => {
      setDone(now);
      setOpen(false);
    },
  });
  const act = (now: Done) => () => {
    if (!wish.isPending) wish.mutate(now);
  };
  const name = nameOf(entry.author);
  return (
    <>
      {done !== "hidden" && item}
      <li className={styles.wish} data-alone={done === "hidden" || undefined}>
        {done ? (
          <>
            <p role="status" className={styles.quiet}>
              {done === "hidden" ? t`Hidden: it won't come up in your feeds.` : t`You will see less of ${name}.`}
            </p>
            <Button kind="quiet" onClick={act(undefined)} aria-disabled={wish.isPending}>
              <Trans>Undo</Trans>
            </Button>
          </>
        ) : (
          account?.id !== entry.author.id && (
            <>
              <button type="button" className={styles.open} aria-expanded={open} onClick={() => setOpen(!open)}>
                <Trans>Not for me</Trans>
              </button>
              {open && (
                <>
                  <Button kind="quiet" onClick={act("hidden")} aria-disabled={wish.isPending}>
                    <Trans>Hide this</Trans>
                  </Button>
                  {!entry.author.deleted && (
                    <Button kind="quiet" onClick={act("less")} aria-disabled={wish.isPending}>
                      <span>
                        <Trans>
                          See less of <bdi>{name}</bdi>
                        </Trans>
                      </span>
                    </Button>
                  )}
                </>
              )}
            </>
          )
        )}
        {wish.error && <ProblemNotice error={wish.error} />}
      </li>
    </>
  );
}

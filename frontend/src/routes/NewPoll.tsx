import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { api, given, type Poll } from "../api/client";
import { Problem } from "../api/problem";
import { blankEntry, type Entry, newOf } from "../making/entry";
import { drop } from "../making/kept";
import { PollForm } from "../making/PollForm";
import { useAccount } from "../session/session";
import { Button } from "../ui/Button";
import { Page } from "../ui/Page";

/** Makes a poll, or a draft of one. */
export function NewPoll() {
  const account = useAccount();
  const navigate = useNavigate();
  const [start] = useState(blankEntry);
  const place = { account: account?.id ?? "", poll: "new", tag: "" };
  const key = useRef(crypto.randomUUID()); // a second press or a retry makes no second poll
  const make = useMutation({
    mutationFn: async ({ entry, publish }: { entry: Entry; publish: boolean }): Promise<Poll> =>
      given(await api.POST("/v1/polls", { body: newOf(entry, publish), params: { header: { "Idempotency-Key": key.current } } })),
    onSuccess: (poll) => {
      drop(place);
      const invited = poll.rules.eligibility === "roll" || poll.rules.eligibility === "tokens";
      if (invited) return navigate({ to: "/polls/$id/voters", params: { id: poll.id } });
      return navigate({ to: "/p/$code", params: { code: poll.code }, state: { made: poll.status !== "draft" } });
    },
    onError: (error) => {
      if (error instanceof Problem) key.current = crypto.randomUUID();
    },
  });

  if (account?.kind !== "user") {
    return (
      <Page title={t`New poll`}>
        <h1><Trans>Make a poll</Trans></h1>
        <p><Trans>Whoever makes a poll needs an account; whoever votes in it needn't.</Trans></p>
        <p>
          <Trans><Link to="/sign-up" search={{ then: "/new" }}>
            Sign up
          </Link>{" "}
          or{" "}
          <Link to="/sign-in" search={{ then: "/new" }}>
            sign in
          </Link></Trans>
        </p>
      </Page>
    );
  }
  return (
    <Page title={t`New poll`}>
      <h1><Trans>Make a poll</Trans></h1>
      <PollForm
        start={start}
        place={place}
        sending={make.isPending}
        error={make.error}
        refused={t`Nothing was saved or published; all that you entered is still here.`}
        onSend={(entry, pressed) => make.isPending || make.mutate({ entry, publish: pressed !== "draft" })}
      >
        <Button type="submit" value="publish" aria-disabled={make.isPending}>
          <Trans>Publish the poll</Trans>
        </Button>
        <Button type="submit" value="draft" kind="quiet" aria-disabled={make.isPending}>
          <Trans>Save as a draft</Trans>
        </Button>
      </PollForm>
    </Page>
  );
}

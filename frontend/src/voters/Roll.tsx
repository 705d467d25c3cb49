import { i18n } from "@lingui/core";
import { msg, plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, given, type Poll, type Schemas } from "../api/client";
import { Problem } from "../api/problem";
import { useAccount } from "../session/session";
import { Button } from "../ui/Button";
import { More } from "../ui/More";
import { Notice, ProblemNotice } from "../ui/Notice";
import { Text } from "../ui/Text";
import ui from "../ui/ui.module.css";
import { addressesOf, type Found } from "./addresses";
import styles from "./Voters.module.css";
import { number } from "../words/format";

const MOST = 10_000; // at a time
const MOST_BYTES = 1_000_000;

/** Who is invited by mail: put on the roll from a list or a file, with what was wrong line by line. */
export function Roll({ poll }: { poll: Poll }) {
  const account = useAccount();
  const queries = useQueryClient();
  const queryKey = ["poll", poll.id, "roll", account?.id];
  const pages = useInfiniteQuery({
    queryKey,
    queryFn: async ({ pageParam: cursor }) =>
      given(await api.GET("/v1/votebooth/polls/{poll_id}/roll", { params: { path: { poll_id: poll.id }, query: { cursor } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
    staleTime: 0,
  });
  const again = () => queries.invalidateQueries({ queryKey });
  const entries = pages.data?.pages.flatMap((page) => page.items) ?? [];
  const progress = pages.data?.pages[0]?.progress;
  return (
    <>
      <Inviting poll={poll} onDone={again} />
      <section aria-labelledby="roll" className={styles.part}>
        <h2 id="roll"><Trans>On the roll</Trans></h2>
        {progress && <p className={styles.quiet}>{standing(progress, poll.status === "draft")}</p>}
        {pages.data && entries.length === 0 && <p><Trans>Nobody yet.</Trans></p>}
        <ul aria-label={t`On the roll`}>
          {entries.map((entry) => (
            <Entry key={entry.address} poll={poll} entry={entry} onDone={again} />
          ))}
        </ul>
        <More pages={pages} />
      </section>
    </>
  );
}

function standing({ waiting, sent, failed }: Schemas["RollProgress"], draft: boolean): string {
  const invited = waiting + sent + failed;
  if (invited === 0) return "";
  if (draft) return plural(invited, {
      one: "# invited. Their mails leave when the poll is published.",
      other: "# invited. Their mails leave when the poll is published.",
    });
  return [plural(invited, { one: "# invited", other: "# invited" }), plural(sent, { one: "# mail sent", other: "# mails sent" }), waiting > 0 && plural(waiting, { one: "# on its way", other: "# on their way" }), failed > 0 && plural(failed, { one: "# came back", other: "# came back" })]
    .filter(Boolean)
    .join(", ");
}

const states = { waiting: msg`waits for its mail`, sent: msg`mail sent`, failed: msg`the mail came back` } as const;

function Entry({ poll, entry, onDone }: { poll: Poll; entry: Schemas["RollEntryView"]; onDone: () => unknown }) {
  const resend = useMutation({
    mutationFn: async () =>
      given(
        await api.POST("/v1/votebooth/polls/{poll_id}/roll", {
          params: { path: { poll_id: poll.id } },
          body: { addresses: [entry.address], resend: true },
        }),
      ),
    onSuccess: onDone,
  });
  const may = entry.state !== "waiting" && entry.took_part !== true && (poll.status === "open" || poll.status === "scheduled");
  return (
    <li className={styles.entry}>
      <p>
        <bdi>{entry.address}</bdi>
        <span className={styles.quiet}>
          {" "}
          {i18n._(states[entry.state])}
          {entry.took_part !== null && (entry.took_part ? ` · ${t`has voted`}` : ` · ${t`hasn't voted yet`}`)}
        </span>
      </p>
      {may && (
        <Button
          kind="quiet"
          aria-label={t`Send a new link to ${entry.address}`}
          aria-disabled={resend.isPending}
          onClick={() => resend.isPending || resend.mutate()}
        >
          <Trans>Send a new link</Trans>
        </Button>
      )}
      {resend.error && <ProblemNotice error={resend.error} kept={t`The link before is still good.`} />}
    </li>
  );
}

function Inviting({ poll, onDone }: { poll: Poll; onDone: () => unknown }) {
  const [text, setText] = useState("");
  const [unread, setUnread] = useState("");
  const invite = useMutation({
    mutationFn: async (found: Found) =>
      given(
        await api.POST("/v1/votebooth/polls/{poll_id}/roll", {
          params: { path: { poll_id: poll.id } },
          body: { addresses: found.addresses.map(({ address }) => address) },
        }),
      ),
    onSuccess: (_, found) => {
      setText(found.wrong.map((each) => each.text).join("\n")); // what wasn't taken stays, to be mended
      return onDone();
    },
  });
  const found = addressesOf(text);
  const count = found.addresses.length;
  const refused = invite.error instanceof Problem ? invite.error.errors.flatMap((error) => ofLine(error, invite.variables)) : [];
  const sent = invite.isSuccess ? invite.variables : null;

  async function read(file: File | undefined) {
    setUnread("");
    if (!file) return;
    if (file.size > MOST_BYTES) return setUnread(t`The file is larger than ${MOST_BYTES / 1_000_000} MB. Send it in parts.`);
    try {
      setText(new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer()));
      invite.reset();
    } catch {
      setUnread(t`The file isn't text. Save the table as CSV, in UTF-8.`);
    }
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    if (count > 0 && count <= MOST && !invite.isPending) invite.mutate(found);
  }

  return (
    <form onSubmit={submit} className={styles.part} aria-label={t`Invite`}>
      <p>
        <Trans>Each address gets a mail with a link of its own, by which one vote can be cast. Paste a list, one address a line, or take a
        table saved as CSV.</Trans>
      </p>
      <label className={ui.field}>
        <span className={ui.label}><Trans>A file</Trans></span>
        <input type="file" accept=".csv,.txt,text/csv,text/plain" className={styles.file} onChange={(event) => void read(event.target.files?.[0])} />
        {unread && <span className={ui.error}>{unread}</span>}
      </label>
      <Text
        label={t`Addresses, one a line`}
        rows={6}
        value={text}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => {
          setText(event.target.value);
          if (!invite.isIdle) invite.reset();
        }}
      />
      {sent && (
        <Notice kind="good">
          <p>{plural(sent.addresses.length, { one: "One address is on the roll.", other: "# addresses are on the roll." })}</p>
        </Notice>
      )}
      {found.wrong.length > 0 && <Wrong title={t`These lines are left out:`} lines={found.wrong} />}
      {invite.error && <ProblemNotice error={invite.error} kept={t`Nobody was invited; the list is still here.`} />}
      {refused.length > 0 && <Wrong title={t`Mend these lines, or take them out:`} lines={refused} />}
      {count > MOST && <p className={ui.error}><Trans>At most {number(MOST)} at a time: send it in parts.</Trans></p>}
      <div>
        <Button type="submit" aria-disabled={invite.isPending || count === 0 || count > MOST}>
          {invite.isPending ? t`Sending …` : count === 0 ? t`Invite` : plural(count, { one: "Invite # address", other: "Invite # addresses" })}
        </Button>
      </div>
    </form>
  );
}

const SHOWN = 20;

function Wrong({ title, lines }: { title: string; lines: Found["wrong"] }) {
  return (
    <div className={styles.wrong}>
      <p>{title}</p>
      <ul aria-label={title}>
        {lines.slice(0, SHOWN).map(({ line, text, why }) => (
          <li key={line}>
            <Trans>Line {line}: <bdi>{text}</bdi> – {why}</Trans>
          </li>
        ))}
      </ul>
      {lines.length > SHOWN && <p><Trans>… and {lines.length - SHOWN} more.</Trans></p>}
    </div>
  );
}

/** What the server found wrong with an address, at the line in which it stands. */
function ofLine({ field, message }: Problem["errors"][number], sent: Found | undefined): Found["wrong"] {
  const place = /^addresses\.(\d+)$/.exec(field ?? "")?.[1];
  const each = place === undefined ? undefined : sent?.addresses[Number(place)];
  return each ? [{ line: each.line, text: each.text, why: message }] : [];
}

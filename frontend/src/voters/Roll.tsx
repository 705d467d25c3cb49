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
        <h2 id="roll">On the roll</h2>
        {progress && <p className={styles.quiet}>{standing(progress, poll.status === "draft")}</p>}
        {pages.data && entries.length === 0 && <p>Nobody yet.</p>}
        <ul aria-label="On the roll">
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
  if (draft) return `${invited} invited. Their mails leave when the poll is published.`;
  return [`${invited} invited`, `${sent} mails sent`, waiting > 0 && `${waiting} on their way`, failed > 0 && `${failed} came back`]
    .filter(Boolean)
    .join(", ");
}

const states = { waiting: "waits for its mail", sent: "mail sent", failed: "the mail came back" } as const;

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
          {states[entry.state]}
          {entry.took_part !== null && (entry.took_part ? " · has voted" : " · hasn't voted yet")}
        </span>
      </p>
      {may && (
        <Button
          kind="quiet"
          aria-label={`Send a new link to ${entry.address}`}
          aria-disabled={resend.isPending}
          onClick={() => resend.isPending || resend.mutate()}
        >
          Send a new link
        </Button>
      )}
      {resend.error && <ProblemNotice error={resend.error} kept="The link before is still good." />}
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
    if (file.size > MOST_BYTES) return setUnread(`The file is larger than ${MOST_BYTES / 1_000_000} MB. Send it in parts.`);
    try {
      setText(new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer()));
      invite.reset();
    } catch {
      setUnread("The file isn't text. Save the table as CSV, in UTF-8.");
    }
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    if (count > 0 && count <= MOST && !invite.isPending) invite.mutate(found);
  }

  return (
    <form onSubmit={submit} className={styles.part} aria-label="Invite">
      <p>
        Each address gets a mail with a link of its own, by which one vote can be cast. Paste a list, one address a line, or take a
        table saved as CSV.
      </p>
      <label className={ui.field}>
        <span className={ui.label}>A file</span>
        <input type="file" accept=".csv,.txt,text/csv,text/plain" className={styles.file} onChange={(event) => void read(event.target.files?.[0])} />
        {unread && <span className={ui.error}>{unread}</span>}
      </label>
      <Text
        label="Addresses, one a line"
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
          <p>{sent.addresses.length === 1 ? "One address is on the roll." : `${sent.addresses.length} addresses are on the roll.`}</p>
        </Notice>
      )}
      {found.wrong.length > 0 && <Wrong title="These lines are left out:" lines={found.wrong} />}
      {invite.error && <ProblemNotice error={invite.error} kept="Nobody was invited; the list is still here." />}
      {refused.length > 0 && <Wrong title="Mend these lines, or take them out:" lines={refused} />}
      {count > MOST && <p className={ui.error}>At most {MOST.toLocaleString("en")} at a time: send it in parts.</p>}
      <div>
        <Button type="submit" aria-disabled={invite.isPending || count === 0 || count > MOST}>
          {invite.isPending ? "Sending …" : count === 0 ? "Invite" : count === 1 ? "Invite 1 address" : `Invite ${count} addresses`}
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
            Line {line}: <bdi>{text}</bdi> – {why}
          </li>
        ))}
      </ul>
      {lines.length > SHOWN && <p>… and {lines.length - SHOWN} more.</p>}
    </div>
  );
}

/** What the server found wrong with an address, at the line in which it stands. */
function ofLine({ field, message }: Problem["errors"][number], sent: Found | undefined): Found["wrong"] {
  const place = /^addresses\.(\d+)$/.exec(field ?? "")?.[1];
  const each = place === undefined ? undefined : sent?.addresses[Number(place)];
  return each ? [{ line: each.line, text: each.text, why: message }] : [];
}

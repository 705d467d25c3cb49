import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Fragment, useEffect, useLayoutEffect, useRef, useState } from "react";
import { api, given, type Schemas } from "../api/client";
import { Avatar } from "../people/Avatar";
import { nameOf } from "../people/Person";
import { Button } from "../ui/Button";
import { Notice, ProblemNotice } from "../ui/Notice";
import { About } from "./About";
import type { Attached } from "./attach";
import { keys } from "./inbox";
import { Item } from "./Item";
import styles from "./Messages.module.css";
import { lineOf, titleOf } from "./names";
import { outbox } from "./outbox";
import { Request } from "./Request";
import type { Message, Talk } from "./talk";
import { There } from "./There";
import { useTalk } from "./useTalk";
import { Waiting } from "./Waiting";
import { Write } from "./Write";
import { listed } from "../words/format";
import { weekday } from "../ui/time";

type Props = { conversation: Schemas["ConversationView"]; me: string };

const CLOSE_MS = 5 * 60_000;
const NEAR_PX = 160;

/** A conversation as it goes on. */
export function Conversation({ conversation, me }: Props) {
  const { talk, drafts, connected, gone, typing, earlier, says } = useTalk(conversation.id, me);
  const [answered, answer] = useState<Message | null>(null);
  const [writes, setWrites] = useState(0);
  const paging = usePaging(earlier);
  const newest = talk?.messages.at(-1);
  useRead(conversation, me, newest);
  const { below, toEnd } = useEnd(newest?.id, drafts.length);
  const group = conversation.kind === "group";
  const mayWrite = conversation.state === "active" && !conversation.waiting && !gone;
  const typists = talk?.members.filter(({ person }) => typing.includes(person.id)).map(({ person }) => nameOf(person)) ?? [];
  const shown = drafts.filter((draft) => !talk?.messages.some(({ id }) => id === draft.sent?.id));

  function say(text: string, files: Attached[]) {
    outbox.add(conversation.id, text, answered?.id ?? null, files);
    answer(null);
    setWrites(writes + 1);
    toEnd();
  }

  return (
    <>
      <header className={styles.head}>
        <Avatar person={conversation.other ?? { avatar: null, display_name: conversation.title, handle: null }} />
        <h1>
          {conversation.other?.handle ? (
            <Link to="/u/$handle" params={{ handle: conversation.other.handle }}>
              <bdi>{titleOf(conversation)}</bdi>
            </Link>
          ) : (
            <bdi>{talk?.title || titleOf(conversation)}</bdi>
          )}
        </h1>
        {conversation.other && conversation.state === "active" && !conversation.waiting && <There account={conversation.other.id} />}
        <About conversation={conversation} members={talk?.members ?? []} me={me} />
      </header>
      {gone && <Notice><Trans>You aren't in this conversation any more.</Trans></Notice>}
      {talk && talk.earlier !== null && (
        <div>
          {paging.error && <ProblemNotice error={paging.error} />}
          <Button kind="quiet" aria-disabled={paging.is} onClick={paging.go}>
            {paging.is ? t`Bringing earlier ones …` : t`Show earlier messages`}
          </Button>
        </div>
      )}
      <div role="log" aria-label={t`Messages`} className={styles.log}>
        {talk && (
          <ol className={styles.list}>
            {talk.messages.map((message, place) => {
              const before = talk.messages[place - 1];
              const day = dayOf(message);
              return (
                <Fragment key={message.id}>
                  {(!before || dayOf(before) !== day) && <li className={styles.day}>{day}</li>}
                  <Item
                    message={message}
                    me={me}
                    goesOn={goesOn(before, message)}
                    group={group}
                    mayWrite={mayWrite}
                    mayDelete={group && conversation.role !== "member"}
                    answers={talk.messages.find(({ id }) => id === message.reply_to)}
                    onAnswer={() => answer(message)}
                  />
                </Fragment>
              );
            })}
            {shown.map((draft) => (
              <Waiting key={draft.clientId} draft={draft} />
            ))}
          </ol>
        )}
      </div>
      <div className={styles.foot}>
        <p role="status" className={styles.state}>
          {!connected
            ? t`No connection. What you write is sent when you're back.`
            : typists.length > 0
              ? plural(typists.length, { one: `${listed(typists)} is writing …`, other: `${listed(typists)} are writing …` })
              : talk && readBy(talk, me, newest)}
        </p>
        {below && (
          <Button kind="quiet" onClick={toEnd}>
            <Trans>New messages below</Trans>
          </Button>
        )}
        {conversation.state === "requested" && <Request conversation={conversation} />}
        {conversation.waiting && (
          <p className={styles.quiet}>
            <Trans><bdi>{titleOf(conversation)}</bdi> has to accept your first message before you can write more.</Trans>
          </p>
        )}
        {mayWrite && (
          <Write
            key={writes}
            label={t`Write to ${titleOf(conversation)}`}
            focus={writes > 0}
            answers={answered && lineOf(answered)}
            onLeave={() => answer(null)}
            onType={says}
            attaches
            onSay={say}
          />
        )}
      </div>
    </>
  );
}

function dayOf(message: Message): string {
  return weekday(message.sent_at);
}

function goesOn(before: Message | undefined, message: Message): boolean {
  if (before?.sender.id !== message.sender.id) return false;
  return Date.parse(message.sent_at) - Date.parse(before.sent_at) < CLOSE_MS && dayOf(before) === dayOf(message);
}

/** Who has read my message that comes last. */
function readBy(talk: Talk, me: string, newest: Message | undefined): string {
  if (newest?.sender.id !== me) return "";
  const readers = talk.members.filter(({ person, read }) => person.id !== me && read !== null && read >= newest.seq);
  if (readers.length === 0) return t`Sent`;
  if (talk.members.length === 2) return t`Read`;
  return t`Read by ${listed(readers.map(({ person }) => nameOf(person)))}`;
}

/** Says how far I have read, once it was on the screen. */
function useRead({ id, read, unread, state }: Schemas["ConversationView"], me: string, newest: Message | undefined) {
  const queries = useQueryClient();
  const said = useRef(read);
  const [visible, setVisible] = useState(document.visibilityState === "visible");
  useEffect(() => {
    const look = () => setVisible(document.visibilityState === "visible");
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  useEffect(() => {
    if (!visible || state !== "active" || !newest || newest.seq <= said.current) return;
    if (newest.sender.id === me && unread === 0) return;
    const before = said.current;
    said.current = newest.seq;
    const params = { path: { conversation_id: id } };
    api
      .PUT("/v1/messaging/conversations/{conversation_id}/read", { params, body: { seq: newest.seq } })
      .then(given)
      .then(() => queries.invalidateQueries({ queryKey: keys.unread(me) }))
      .catch(() => {
        said.current = before; // the next message says it again
      });
  }, [visible, state, newest, id, me, unread, queries]);
}

/** Keeps the end in sight where it was; says where something new is below. */
function useEnd(newest: string | undefined, drafts: number) {
  const [below, setBelow] = useState(false);
  const near = useRef(true);
  const toEnd = () => {
    near.current = true;
    setBelow(false);
    window.scrollTo({ top: document.documentElement.scrollHeight });
  };
  useEffect(() => {
    const look = () => {
      near.current = window.innerHeight + window.scrollY > document.documentElement.scrollHeight - NEAR_PX;
      if (near.current) setBelow(false);
    };
    window.addEventListener("scroll", look, { passive: true });
    return () => window.removeEventListener("scroll", look);
  }, []);
  useLayoutEffect(() => {
    if (!newest && !drafts) return;
    if (near.current) window.scrollTo({ top: document.documentElement.scrollHeight });
    else setBelow(true);
  }, [newest, drafts]);
  return { below, toEnd };
}

function usePaging(earlier: () => Promise<void>) {
  const [is, set] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const go = () => {
    if (is) return;
    set(true);
    setError(null);
    earlier()
      .catch((failed: unknown) => setError(failed instanceof Error ? failed : new Error(String(failed))))
      .finally(() => set(false));
  };
  return { is, error, go };
}

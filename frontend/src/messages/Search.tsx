import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, given } from "../api/client";
import { ago } from "../feed/standing";
import { Avatar } from "../people/Avatar";
import { nameOf } from "../people/Person";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { More } from "../ui/More";
import { useInbox } from "./inbox";
import styles from "./Messages.module.css";
import { titleOf } from "./names";

/** Finds what was said in my conversations, the newest first. */
export function Search({ account }: { account: string }) {
  const [q, ask] = useState("");
  const inbox = useInbox(account);
  const pages = useInfiniteQuery({
    queryKey: ["messages", "search", account, q],
    queryFn: async ({ pageParam: cursor }) => given(await api.GET("/v1/messaging/messages", { params: { query: { q, cursor } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
    enabled: q !== "",
  });
  const found = pages.data?.pages.flatMap((page) => page.items) ?? [];

  function search(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    ask(String(new FormData(event.currentTarget).get("q")).trim());
  }

  return (
    <section aria-label={t`Search`} className={styles.place}>
      <form role="search" onSubmit={search} className={styles.find}>
        <Field label={t`Words in my messages`} name="q" type="search" maxLength={200} />
        <Button type="submit" kind="quiet">
          <Trans>Search</Trans>
        </Button>
      </form>
      <p role="status" className={styles.quiet}>
        {!q && t`Whole words, as they were written.`}
        {pages.data && found.length === 0 && !pages.hasNextPage && t`No message of yours or to you has these words.`}
      </p>
      {found.length > 0 && (
        <ul aria-label={t`Messages found`}>
          {found.map((message) => {
            const talk = inbox?.find(({ id }) => id === message.conversation);
            return (
              <li key={message.id} className={styles.row}>
                <Avatar person={message.sender} />
                <Link to="/messages/$id" params={{ id: message.conversation }} className={styles.to}>
                  <span className={styles.name}>
                    <bdi>{message.sender.id === account ? t`You` : nameOf(message.sender)}</bdi>
                    {talk && (
                      <>
                        {" "}
                        <Trans>
                          in <bdi>{titleOf(talk)}</bdi>
                        </Trans>
                      </>
                    )}
                  </span>
                  <bdi className={styles.line}>{message.text}</bdi>
                </Link>
                <span className={styles.aside}>
                  <time dateTime={message.sent_at}>{ago(message.sent_at)}</time>
                </span>
              </li>
            );
          })}
        </ul>
      )}
      {(q !== "" || pages.error) && <More pages={pages} />}
    </section>
  );
}

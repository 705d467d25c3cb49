import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useRef } from "react";
import { api, given, type Schemas } from "../api/client";
import { Problem } from "../api/problem";
import { useAccount } from "../session/session";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { More } from "../ui/More";
import { Notice, ProblemNotice } from "../ui/Notice";
import styles from "./Moderation.module.css";

/** Words whose comments and Waves wait for a moderator before others see them. */
export function Filters() {
  const account = useAccount();
  const queries = useQueryClient();
  const form = useRef<HTMLFormElement>(null);
  const pages = useInfiniteQuery({
    queryKey: ["moderation", "filters", account?.id],
    queryFn: async ({ pageParam: cursor }) => given(await api.GET("/v1/comments/filters", { params: { query: { cursor } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
  });
  const add = useMutation({
    mutationFn: async (words: string) => given(await api.POST("/v1/comments/filters", { body: { words } })),
    onSuccess: () => {
      form.current?.reset();
      return queries.invalidateQueries({ queryKey: ["moderation", "filters"] });
    },
  });
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (!add.isPending) add.mutate(String(new FormData(event.currentTarget).get("words")));
  }
  const filters = pages.data?.pages.flatMap((page) => page.items) ?? [];
  const refused = add.error instanceof Problem ? add.error.of("words") : undefined;
  return (
    <section aria-label={t`Filters`} className={styles.form}>
      <form ref={form} onSubmit={submit} className={styles.form}>
        <Field
          label={t`Words to look out for`}
          name="words"
          maxLength={100}
          required
          hint={t`Whole words. Case, accents and letters that look alike make no difference; a star at the end stands for what follows.`}
          error={refused}
        />
        {add.error && !refused && <ProblemNotice error={add.error} kept={t`What you wrote is still here.`} />}
        <p className={styles.quiet}>
          <Trans>What is there already is looked through as well, which may take a while. What was hidden stays so when a filter is removed.</Trans>
        </p>
        <div>
          <Button type="submit" aria-disabled={add.isPending}>
            <Trans>Add the filter</Trans>
          </Button>
        </div>
      </form>
      {pages.data && filters.length === 0 && !pages.hasNextPage && (
        <Notice>
          <Trans>No words are filtered. Comments and Waves with such words wait for a moderator, and aren't lost.</Trans>
        </Notice>
      )}
      {filters.length > 0 && (
        <ul aria-label={t`Filters`}>
          {filters.map((one) => (
            <One key={one.id} filter={one} />
          ))}
        </ul>
      )}
      <More pages={pages} />
    </section>
  );
}

function One({ filter }: { filter: Schemas["FilterView"] }) {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: async () =>
      given(await api.DELETE("/v1/comments/filters/{filter_id}", { params: { path: { filter_id: filter.id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["moderation", "filters"] }),
  });
  const words = filter.words;
  return (
    <li className={styles.row}>
      <bdi>{words}</bdi>
      <Button
        kind="quiet"
        aria-label={t`Remove the filter “${words}”`}
        aria-disabled={remove.isPending}
        onClick={() => !remove.isPending && remove.mutate()}
      >
        <Trans>Remove</Trans>
      </Button>
      {remove.error && <ProblemNotice error={remove.error} />}
    </li>
  );
}

// What a document shows until its page takes its place: drawn by the build (build/documents.ts), in each language, as
// nobody in particular sees it. It has no data but what early.ts puts into it, and nothing in it works but what works
// without scripts.

import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { Trans } from "@lingui/react/macro";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, RouterProvider } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import entries from "./feed/Entries.module.css";
import feed from "./feed/Wish.module.css";
import { Avatar } from "./people/Avatar";
import { Enter } from "./rooms/Join";
import poll from "./routes/PollPage.module.css";
import { router } from "./routes/router";
import ui from "./ui/ui.module.css";
import { WriteWave } from "./waves/WriteWave";
import waves from "./waves/Waves.module.css";
import { locales } from "./words/locale";

// As the pages have them, so that they are a script of their own there.
const words = { en: {}, de: (await import("./locales/de.po")).messages };

/** The languages that there are documents in. */
export const languages = Object.keys(locales) as (keyof typeof locales)[];

const drawn = (parts: ReactNode) =>
  renderToStaticMarkup(
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={new QueryClient()}>{parts}</QueryClientProvider>
    </I18nProvider>,
  );

/** Draws the first page. */
export async function first(locale: keyof typeof locales): Promise<string> {
  i18n.loadAndActivate({ locale, messages: words[locale] });
  // To restore a place before scripts are there would take one in the document, which its policy forbids.
  router.update({ history: createMemoryHistory({ initialEntries: ["/"] }), scrollRestoration: false });
  await router.load();
  return drawn(<RouterProvider router={router} />);
}

const NOBODY = { avatar: null, display_name: "\u00a0", handle: null };

/** Whose a poll or a Wave is, and what it says. What can be done about it has its place, and comes with the page. */
const kinds: Record<string, ReactNode> = {
  poll: (
    <li className={entries.entry}>
      <p className={entries.by}>
        <bdi data-early="by" />
      </p>
      <p className={entries.title}>
        <bdi data-early="text" />
      </p>
      <p className={entries.standing}>&nbsp;</p>
    </li>
  ),
  wave: (
    <li className={`${entries.entry} ${waves.wave}`}>
      <p className={entries.by}>
        <strong>
          <Avatar person={NOBODY} /> <bdi data-early="by" />
        </strong>
      </p>
      <p className={waves.text}>
        <bdi data-early="text" />
      </p>
      <p className={waves.acts}>
        <span className={waves.act}>&nbsp;</span>
      </p>
    </li>
  ),
  wish: (
    <li className={feed.wish}>
      <span className={feed.open}>&nbsp;</span>
    </li>
  ),
};

const apart = (name: string, parts: ReactNode) => `<template data-early="${name}">${drawn(parts)}</template>`;

/** What pages show of themselves, by their path: the rest of what stands on them isn't known before it is asked for. */
const parts: Record<string, () => string> = {
  "/p/$code": () =>
    drawn(
      <div className={poll.page}>
        <header className={poll.head}>
          <p className={poll.meta}>&nbsp;</p>
          <h1>
            <bdi data-early="title" />
          </h1>
          <p className={poll.description} data-early="description" />
        </header>
      </div>,
    ),
  "/r/$code": () => apart("page", <Enter code="" onIn={() => undefined} />),
  "/home": () =>
    apart(
      "page",
      <div className={ui.page}>
        <h1><Trans>Home</Trans></h1>
        <WriteWave onDone={() => undefined} />
        <p className={feed.orders}>
          <a href="/home" aria-current="page"><Trans>Newest first</Trans></a>
          <a href="/home?order=ranked"><Trans>By rank</Trans></a>
        </p>
        <ul className={`${entries.list} ${feed.mine}`} />
      </div>,
    ) +
    Object.entries(kinds)
      .map(([kind, parts]) => apart(kind, parts))
      .join(""),
};

/** What one page's document has: what is around all pages, and what is known of this one. */
export const around = (markup: string, path: string): string =>
  markup.replace(/<main>[\s\S]*<\/main>/, () => `<main>${parts[path]?.() ?? ""}</main>`);

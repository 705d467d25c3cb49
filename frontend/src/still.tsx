// What a document shows until its page takes its place: drawn by the build (build/documents.ts), in each language, as
// nobody in particular sees it. It has no data but what early.ts puts into it, and nothing in it works but what works
// without scripts.

import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, RouterProvider } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { Enter } from "./rooms/Join";
import poll from "./routes/PollPage.module.css";
import { router } from "./routes/router";
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
  router.update({ history: createMemoryHistory({ initialEntries: ["/"] }) });
  await router.load();
  return drawn(<RouterProvider router={router} />);
}

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
  "/r/$code": () => `<template data-early>${drawn(<Enter code="" onIn={() => undefined} />)}</template>`,
};

/** What one page's document has: what is around all pages, and what is known of this one. */
export const around = (markup: string, path: string): string =>
  markup.replace(/<main>[\s\S]*<\/main>/, () => `<main>${parts[path]?.() ?? ""}</main>`);

// What a document shows until its page takes its place: drawn by the build (build/documents.ts), in each language, as
// nobody in particular sees it. It has no data, and nothing in it works but what works without scripts.

import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, RouterProvider } from "@tanstack/react-router";
import { renderToStaticMarkup } from "react-dom/server";
import { router } from "./routes/router";
import { locales } from "./words/locale";

// As the pages have them, so that they are a script of their own there.
const words = { en: {}, de: (await import("./locales/de.po")).messages };

/** The languages that there are documents in. */
export const languages = Object.keys(locales) as (keyof typeof locales)[];

/** Draws the first page. */
export async function first(locale: keyof typeof locales): Promise<string> {
  i18n.loadAndActivate({ locale, messages: words[locale] });
  router.update({ history: createMemoryHistory({ initialEntries: ["/"] }) });
  await router.load();
  return renderToStaticMarkup(
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={new QueryClient()}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </I18nProvider>,
  );
}

/** What one page's document has of another's: all but the page itself. */
export const around = (markup: string): string => markup.replace(/<main>[\s\S]*<\/main>/, "<main></main>");

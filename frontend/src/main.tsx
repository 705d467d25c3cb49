import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { onlineManager, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode, startTransition, useSyncExternalStore } from "react";
import { createRoot } from "react-dom/client";
import { Problem } from "./api/problem";
import { cardOf, pollBy } from "./ballots/reading";
import { takeInvitation } from "./ballots/secrets";
import { bring } from "./offline/worker";
import { router } from "./routes/router";
import { session } from "./session/session";
import { number } from "./words/format";
import { preferred, speak } from "./words/locale";
import "./ui/type.css";
import "./ui/tokens.css";
import "./ui/base.css";

takeInvitation();

// After a release, a page that isn't loaded yet has neither its style nor its script under the old names. The router
// loads everything anew, once, when a script is missing; it doesn't know the error of a missing style, which comes first.
window.addEventListener("vite:preloadError", (event) => {
  if (event.payload.message.startsWith("Unable to preload CSS")) event.preventDefault();
});

// It learns of a connection by its coming and going; of a page that is opened without one it has to be told.
onlineManager.setOnline(navigator.onLine);

const queries = new QueryClient({
  // What the server has refused it refuses again; only what didn't reach it is tried again.
  defaultOptions: { queries: { retry: (tries, error) => !(error instanceof Problem) && tries < 2 } },
});

const FIRST_MS = 500;

/** Reads what the page shows first, so that it is drawn once, in pieces, and not anew and at once with each answer. */
async function read(): Promise<void> {
  const { account } = session;
  if (location.pathname === "/home" && !location.search && account?.kind === "user") {
    await (await import("./feed/reading")).readHome(queries, account.id);
  }
  const code = /^\/p\/([^/]+)$/.exec(location.pathname)?.[1];
  if (!code) return;
  const poll = await queries.fetchQuery(pollBy(decodeURIComponent(code)));
  if (poll.status !== "draft") await queries.fetchQuery(cardOf(poll.id, account?.id));
}

const place = document.getElementById("root");
if (!place) throw new Error("index.html has no #root");

/** All pages, made anew when another language is chosen: words are looked up as they are drawn. */
function App() {
  const locale = useSyncExternalStore(
    (tell) => i18n.on("change", tell),
    () => i18n.locale,
  );
  return (
    <I18nProvider i18n={i18n} key={locale}>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </I18nProvider>
  );
}

const after = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

/** Has the browser write a number, which takes long for the first time, while answers are on their way; rooms have none at first. */
async function warm(): Promise<void> {
  if (location.pathname.startsWith("/r/")) return;
  await after(0);
  number(1);
}

const here = session.token().catch(() => "");
const first = Promise.race([here.then(read).catch(() => undefined), after(FIRST_MS)]);
const spoken = speak(preferred()).catch(() => speak("en"));
const loaded = after(0).then(() => router.load()).catch(() => undefined);

// Who is here and which language they speak is found out first, so that nothing is shown as a stranger's and then again
// as one's own. If that fails, the pages say so when they ask for something; words that can't be had are English. The
// page's own script is waited for as well, and for a moment what it shows first: what the document shows meanwhile stays
// until the page takes its place. It is drawn in pieces, between which a phone answers to touches.
void Promise.all([here, first, spoken.then(warm), loaded]).then(() =>
  startTransition(() =>
    createRoot(place).render(
      <StrictMode>
        <App />
      </StrictMode>,
    ),
  ),
);

// Last, so that it takes nothing from the page. Without a service worker everything works that has a connection.
const last = () => void bring().then(renewed).catch(() => undefined);
if (document.readyState === "complete") last();
else window.addEventListener("load", last, { once: true });

/** Says again that this browser is told of what is new, where it is. */
async function renewed(): Promise<void> {
  const { account } = session;
  if (account?.kind === "user" && localStorage.getItem("votewave.push")) {
    await (await import("./notifications/push")).renewPush(account.id);
  }
}

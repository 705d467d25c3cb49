// What a page asks the API for first, asked for while its scripts are still on their way. This is a script of its own, a
// small one, which each document names before the others; it imports nothing. Each answer is given out once, to whoever
// would ask for just that (api/client.ts, session/session.ts), and not when it is old.
//
// It also puts into the document what is read first, and has the page begin after that: on a phone the page's own scripts
// keep the processor for longer than all answers take.

/** Under this name storage says that somebody is signed in, and whether they are a "user" or a "guest"; nothing else of them. */
export const SIGNED_IN = "votewave.signed-in";

const FRESH_MS = 20_000;
const FIRST_MS = 150; // the page begins, whatever isn't there by then
const ISSUED_MS = 1_000;
const SEEN_FIRST = 3; // entries of a feed, which fill a phone
const UNSEEN_MS = 100; // nothing is painted in a tab that nobody looks at

type Asked = { method: "GET" | "POST"; path: string; body?: string };

const answers = new Map<string, Promise<Response>>();
let renewal: Promise<Response> | null = null;
let token: Promise<string> = Promise.resolve("");
let accountId = "";
let issue: () => void = () => undefined;
let issued: Promise<void> | null = null; // nothing more will be asked for here

const keyOf = ({ method, path, body = "" }: Asked) => `${method} ${path} ${body}`;

function ask(asked: Asked): Promise<Response> {
  const answer = token.then((bearer) =>
    fetch(asked.path, {
      method: asked.method,
      headers: {
        ...(bearer ? { authorization: `Bearer ${bearer}` } : {}),
        ...(asked.body ? { "content-type": "application/json" } : {}),
      },
      body: asked.body ?? null,
    }),
  );
  answers.set(keyOf(asked), answer);
  return answer;
}

/** Returns what was answered, for what is asked for next; the answer itself stays for the one who will want it. */
async function read<T>(asked: Asked): Promise<T | null> {
  const answer = (await ask(asked)).clone();
  return answer.ok ? ((await answer.json()) as T) : null;
}

const post = (path: string, body: object): Asked => ({ method: "POST", path, body: JSON.stringify(body) });

/** Puts texts where the document has a place for them (still.tsx). */
function fill(within: ParentNode, texts: Record<string, string>): void {
  for (const [name, text] of Object.entries(texts)) {
    const place = within.querySelector(`[data-early="${name}"]`);
    if (place) place.textContent = text;
  }
}

/** A copy of one of the document's templates (still.tsx); null where it has none of the name. */
const templateOf = (name: string): DocumentFragment | null =>
  document.querySelector<HTMLTemplateElement>(`template[data-early="${name}"]`)?.content.cloneNode(true) as DocumentFragment | null ?? null;

/** Shows the page that the document has as a template, for those whom it is for. */
async function showPage(): Promise<HTMLElement | null> {
  await parsed();
  const [main, page] = [document.querySelector("main"), templateOf("page")];
  if (main && page) main.append(page);
  return main;
}

type Poll = { id: string; status: string; title: string; description: string };

async function poll(code: string, shown: () => void): Promise<void> {
  const found = await read<Poll>({ method: "GET", path: `/v1/polls/by-code/${code}` });
  // Whoever was invited by a link will ask with what is in it.
  const card = found && found.status !== "draft" && !location.hash && ask(post("/v1/votebooth/polls/batch", { polls: [found.id] }));
  issue();
  await parsed();
  if (found) fill(document, { title: found.title, description: found.description });
  shown();
  await card;
}

type Author = { id: string; display_name?: string | null; handle?: string | null; deleted?: boolean };
type Entry = { kind: string; id: string; text: string; author: Author; rippled?: object | null };

async function feed(shown: () => void): Promise<void> {
  if (!(await token)) return; // the session is over
  const list = (await showPage())?.querySelector("ul");
  const page = await read<{ items: Entry[] }>({ method: "GET", path: "/v1/feed/home?order=newest" });
  const entries = page?.items ?? [];
  const idsOf = (kind: string) => entries.filter((entry) => entry.kind === kind).map(({ id }) => id);
  const [waves, polls] = [idsOf("wave"), idsOf("poll")];
  const there = waves.length > 0 && read<{ items: { id: string }[] }>(post("/v1/expressions/waves/batch", { waves }));
  const cards = polls.length > 0 && ask(post("/v1/votebooth/polls/batch", { polls }));
  issue();
  for (const entry of entries.slice(0, SEEN_FIRST)) {
    if (entry.kind === "wave") {
      shown();
      // Their own service has the last word on who may see them.
      const answer = await there;
      if (!answer || !answer.items.some(({ id }) => id === entry.id)) break;
    }
    const drawn = entryOf(entry);
    if (!drawn) break; // what comes after it would move
    list?.append(drawn);
  }
  shown();
  await Promise.all([there, cards]);
}

/** An entry as it will look; null for one of which the document has no template. */
function entryOf({ kind, text, author, rippled }: Entry): DocumentFragment | null {
  const name = author.deleted ? "" : author.display_name || (author.handle ? `@${author.handle}` : ""); // as people/Person.tsx has it
  const entry = text && name && !rippled ? templateOf(kind) : null;
  if (!entry) return null;
  fill(entry, { by: name, text });
  const wish = author.id !== accountId && templateOf("wish");
  if (wish) entry.append(wish);
  return entry;
}

/** Shows what a room says to whoever isn't in it. */
async function strange(): Promise<void> {
  const main = await showPage();
  if (!main) return;
  // The page sends it, once it has taken the form's place (ui/typed.ts).
  main.querySelector("form")?.addEventListener("submit", (event) => {
    event.preventDefault();
    main.querySelector("input")?.toggleAttribute("data-sent", true);
    main.querySelector("button")?.setAttribute("aria-disabled", "true");
  });
}

const after = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

const parsed = async () => {
  if (document.readyState !== "loading") return;
  await new Promise((done) => document.addEventListener("DOMContentLoaded", done, { once: true }));
};

const painted = () =>
  Promise.race([new Promise<void>((done) => requestAnimationFrame(() => setTimeout(done))), after(UNSEEN_MS)]);

/** Runs the page's scripts, which are there or on their way, one by one; between them a touch is answered. */
async function run(first: Promise<void>): Promise<void> {
  await parsed();
  await Promise.race([first, after(FIRST_MS)]);
  await painted();
  for (const { href } of document.querySelectorAll<HTMLLinkElement>("link[data-begin]")) {
    await import(/* @vite-ignore */ href);
    await after(0);
  }
}

function begin(shown: () => void): Promise<unknown> | undefined {
  const kind = localStorage.getItem(SIGNED_IN);
  const known = kind !== null;
  if (known) {
    document.documentElement.dataset.known = kind; // by which the navigation has its place (ui/ui.module.css)
    renewal = fetch("/v1/auth/sessions/refresh", { method: "POST" });
    token = renewal
      .then((answer) => (answer.ok ? (answer.clone().json() as Promise<{ access_token: string; account: { id: string } }>) : null))
      .then((tokens) => {
        accountId = tokens?.account.id ?? "";
        return tokens?.access_token ?? "";
      });
    token.catch(() => undefined); // whoever takes the renewal hears of it
  }
  const { pathname, search } = location;
  const [, page, name = "", ...more] = pathname.split("/");
  if (pathname === "/") {
    shown();
    return ask({ method: "GET", path: "/v1/polls?status=open&limit=5" });
  }
  if (page === "p" && name && !more.length) return poll(name, shown).finally(shown);
  if (page === "home" && kind === "user" && !search) return feed(shown).finally(shown);
  shown();
  if (page === "r" && name && !more.length && !known) return strange();
  if (page === "r" && name && !more.length) return ask({ method: "GET", path: `/v1/votebooth/rooms/${name}` });
  return undefined;
}

/** Forgets what was answered to somebody else than who is here from now on. */
export const forgetEarly = (): void => answers.clear();

/** The new tokens of whoever is signed in, once: the cookie that they are asked for with is good for one answer. */
export function takeRenewal(): Promise<Response> | null {
  const taken = renewal;
  renewal = null;
  return taken;
}

/** The answer to a request, if it was asked for; null if it has to be asked for now. */
export async function takeEarly(request: Request): Promise<Response | null> {
  const { pathname, search } = new URL(request.url);
  // It follows from an answer that the page may have got a moment before this script.
  if (issued && pathname.endsWith("/batch")) await Promise.race([issued, after(ISSUED_MS)]);
  if (answers.size === 0) return null;
  if (performance.now() > FRESH_MS) {
    answers.clear();
    return null;
  }
  const { method } = request;
  if (method !== "GET" && method !== "POST") return null;
  const key = keyOf({ method, path: pathname + search, body: method === "POST" ? await request.clone().text() : "" });
  const taken = answers.get(key);
  if (!taken) return null;
  answers.delete(key);
  return taken.catch(() => null);
}

// What fails here is asked for again by the page, which says so if it fails again.
if (import.meta.env.PROD && !import.meta.env.SSR) {
  issued = new Promise((done) => (issue = done));
  void run(new Promise<void>((shown) => void (begin(shown) ?? Promise.resolve()).catch(() => undefined).finally(issue)));
}

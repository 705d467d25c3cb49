// What a page asks the API for first, asked for while its scripts are still on their way. This is a script of its own, a
// small one, which each document names before the others; it imports nothing. Each answer is given out once, to whoever
// would ask for just that (api/client.ts, session/session.ts), and not when it is old.

export const SIGNED_IN = "votewave.signed-in";

const FRESH_MS = 20_000;

type Asked = { method: "GET" | "POST"; path: string; body?: string };

const answers = new Map<string, Promise<Response>>();
let renewal: Promise<Response> | null = null;
let token: Promise<string> = Promise.resolve("");

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

async function poll(code: string): Promise<void> {
  const found = await read<{ id: string; status: string }>({ method: "GET", path: `/v1/polls/by-code/${code}` });
  // Whoever was invited by a link will ask with what is in it.
  if (found && found.status !== "draft" && !location.hash) await ask(post("/v1/votebooth/polls/batch", { polls: [found.id] }));
}

async function feed(): Promise<void> {
  type Entry = { kind: string; id: string };
  const page = await read<{ items: Entry[] }>({ method: "GET", path: "/v1/feed/home?order=newest" });
  const of = (kind: string) => (page?.items ?? []).filter((entry) => entry.kind === kind).map(({ id }) => id);
  const [waves, polls] = [of("wave"), of("poll")];
  await Promise.all([
    waves.length > 0 && ask(post("/v1/expressions/waves/batch", { waves })),
    polls.length > 0 && ask(post("/v1/votebooth/polls/batch", { polls })),
  ]);
}

function begin(): Promise<unknown> | undefined {
  const known = localStorage.getItem(SIGNED_IN) !== null;
  if (known) {
    renewal = fetch("/v1/auth/sessions/refresh", { method: "POST" });
    token = renewal
      .then((answer) => (answer.ok ? (answer.clone().json() as Promise<{ access_token: string }>) : null))
      .then((tokens) => tokens?.access_token ?? "");
    token.catch(() => undefined); // whoever takes the renewal hears of it
  }
  const { pathname, search } = location;
  const [, page, name = "", ...more] = pathname.split("/");
  if (pathname === "/") return ask({ method: "GET", path: "/v1/polls?status=open&limit=5" });
  if (page === "p" && name && !more.length) return poll(name);
  if (page === "home" && known && !search) return feed();
  if (page === "r" && name && !more.length && known) return ask({ method: "GET", path: `/v1/votebooth/rooms/${name}` });
  return undefined;
}

/** The new tokens of whoever is signed in, once: the cookie that they are asked for with is good for one answer. */
export function takeRenewal(): Promise<Response> | null {
  const taken = renewal;
  renewal = null;
  return taken;
}

/** The answer to a request, if it was asked for; null if it has to be asked for now. */
export async function takeEarly(request: Request): Promise<Response | null> {
  if (answers.size === 0) return null;
  if (performance.now() > FRESH_MS) {
    answers.clear();
    return null;
  }
  const { method } = request;
  if (method !== "GET" && method !== "POST") return null;
  const { pathname, search } = new URL(request.url);
  const key = keyOf({ method, path: pathname + search, body: method === "POST" ? await request.clone().text() : "" });
  const taken = answers.get(key);
  if (!taken) return null;
  answers.delete(key);
  return taken.catch(() => null);
}

// What fails here is asked for again by the page, which says so if it fails again.
if (import.meta.env.PROD && !import.meta.env.SSR) begin()?.catch(() => undefined);

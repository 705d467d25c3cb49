// The documents: one for each page and language. Each names the scripts that its page needs, so that they are
// asked for at once and not one after the other, and shows what can be shown before any script is there. index.html stays
// beside them, which is any page's; services/web/documents.py chooses.

import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build, type Plugin, type PluginOption, type ResolvedConfig, type Rolldown } from "vite";

type Still = { languages: string[]; first: (language: string) => Promise<string>; around: (markup: string, path: string) => string };
type Bundle = Rolldown.OutputBundle;
export type Chunk = Rolldown.OutputChunk;

const ROUTER = "src/routes/router.tsx";
const EARLY = "src/early.ts";
const ROUTE = /path: "([^"]+)"(?:(?!createRoute)[\s\S])*?component: (?:lazyRouteComponent\(\(\) => import\("([^"]+)"\)|\w+)/g;
const BARE = /\/screen$/; // a hall's screen has nothing around it

/** Which page is at which path, as the router has it; the first page comes along with the entry. */
function pages(root: string): { path: string; file: string | null }[] {
  const found = [...readFileSync(join(root, ROUTER), "utf8").matchAll(ROUTE)];
  return found.map(([, path = "", from]) => ({ path, file: from ? `${join(root, "src/routes", from)}.tsx` : null }));
}

export const chunksOf = (bundle: Bundle): Chunk[] => Object.values(bundle).filter((each): each is Chunk => each.type === "chunk");

/** Returns all scripts that some chunks need. */
export function needed(bundle: Bundle, from: Chunk[]): string[] {
  const queue = [...from];
  for (const chunk of queue) {
    for (const name of chunk.imports) {
      const next = bundle[name];
      if (next?.type === "chunk" && !queue.includes(next)) queue.push(next);
    }
  }
  return queue.map(({ fileName }) => fileName);
}

/** Returns the scripts that a chunk needs and then the chunk, in the order in which they run. */
function inOrder(bundle: Bundle, last: Chunk, seen = new Set<Chunk>()): string[] {
  if (seen.has(last)) return [];
  seen.add(last);
  const before = last.imports.map((name) => bundle[name]).filter((it): it is Chunk => it?.type === "chunk");
  return [...before.flatMap((it) => inOrder(bundle, it, seen)), last.fileName];
}

/** The chunk that a source file became. */
export function chunkOf(bundle: Bundle, file: string): Chunk {
  const found = chunksOf(bundle).find(({ facadeModuleId, moduleIds }) => facadeModuleId === file || moduleIds.includes(file));
  if (!found) throw new Error(`${file} isn't among what was built`);
  return found;
}

const ENTRY = /<script type="module" crossorigin src="(\/assets\/index-[^"]+)"><\/script>/;

// What makes a page work waits for what is read first: the style, early.ts and what that asks for.
const script = (name: string) => `<link rel="modulepreload" crossorigin fetchpriority="low" href="/${name}">`;

/** @param plugins What turns the sources into scripts, made anew for drawing. */
export function documents(plugins: () => PluginOption[]): Plugin {
  let config: ResolvedConfig;
  let heads: { path: string; scripts: string[] }[] = [];
  let written = false;
  const catalogues = new Map<string, string[]>();
  return {
    name: "votewave-documents",
    apply: "build",
    configResolved(resolved) {
      config = resolved;
    },
    transformIndexHtml: {
      order: "post",
      // The page's scripts are asked for at once, and run by early.ts in their order, each by itself.
      handler: (html, { bundle }) => {
        if (!bundle) return html;
        const entry = ENTRY.exec(html);
        if (!entry) throw new Error("the document has no entry");
        const begin = inOrder(bundle, chunkOf(bundle, join(config.root, "src/main.tsx"))).map((name) => `/${name}`);
        const early = `/${chunkOf(bundle, join(config.root, EARLY)).fileName}`;
        const links = begin.filter((name) => name !== early);
        for (const name of begin) html = html.replace(`<link rel="modulepreload" crossorigin href="${name}">`, "");
        return {
          html: html.replace(entry[0], ""),
          tags: [
            { tag: "script", attrs: { type: "module", async: true, crossorigin: "", src: early }, injectTo: "head" as const },
            ...links.map((href) => ({
              tag: "link",
              attrs: { rel: "modulepreload", crossorigin: "", fetchpriority: "low", href, "data-begin": true },
              injectTo: "head" as const,
            })),
          ],
        };
      },
    },
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        heads = pages(config.root).map(({ path, file }) => {
          return { path, scripts: file ? needed(bundle, [chunkOf(bundle, file)]) : [] };
        });
        for (const chunk of chunksOf(bundle)) {
          const language = /\/locales\/(\w+)\.po/.exec(chunk.facadeModuleId ?? "")?.[1];
          if (language) catalogues.set(language, [chunk.fileName]);
        }
      },
    },
    writeBundle() {
      written = true;
    },
    async closeBundle() {
      if (!written) return; // the build has failed; it says why itself
      const out = resolve(config.root, config.build.outDir);
      const still = await drawn(config.root, join(out, "still"), plugins());
      const document = await readFile(join(out, "index.html"), "utf8");
      const index: Record<string, string> = {};
      await mkdir(join(out, "documents"), { recursive: true });
      for (const language of still.languages) {
        const first = await still.first(language);
        for (const [number, { path, scripts }] of heads.entries()) {
          const markup = path === "/" ? first : BARE.test(path) ? "" : still.around(first, path);
          const all = [...scripts, ...(catalogues.get(language) ?? [])];
          const more = all.filter((name) => !document.includes(`"/${name}"`)).map(script);
          const made = document
            .replace('<html lang="en">', `<html lang="${language}">`)
            .replace("</head>", () => `${more.map((tag) => `  ${tag}\n  `).join("")}</head>`)
            .replace('<div id="root"></div>', () => `<div id="root">${markup}</div>`);
          index[path] = String(number);
          await writeFile(join(out, "documents", `${number}.${language}.html`), made);
        }
      }
      await writeFile(join(out, "documents.json"), JSON.stringify({ languages: still.languages, pages: index }));
    },
  };
}

/** Builds what draws, for Node.js, and loads it; nothing of it is served. */
async function drawn(root: string, folder: string, plugins: PluginOption[]): Promise<Still> {
  await build({
    configFile: false,
    root,
    logLevel: "warn",
    publicDir: false,
    plugins,
    ssr: { noExternal: true },
    build: { ssr: join(root, "src/still.tsx"), outDir: folder, target: "node24", minify: false, rolldownOptions: { output: { entryFileNames: "still.mjs" } } },
  });
  Object.assign(globalThis, { location: new URL("http://localhost/") });
  try {
    return (await import(pathToFileURL(join(folder, "still.mjs")).href)) as Still;
  } finally {
    await rm(folder, { recursive: true });
  }
}

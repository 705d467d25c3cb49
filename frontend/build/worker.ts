// What makes the client one that can be installed and opens without a connection: its manifest, icons, service worker.

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { build, type Plugin, type ResolvedConfig, type Rolldown } from "vite";
import { type Chunk, chunkOf, chunksOf, needed } from "./documents";
import { icon } from "./icons";

const ICONS = [
  { name: "icon-192.png", size: 192, shape: "round", purpose: "any" },
  { name: "icon-512.png", size: 512, shape: "round", purpose: "any" },
  { name: "icon-full-512.png", size: 512, shape: "full", purpose: "maskable" },
  { name: "icon-touch-180.png", size: 180, shape: "full", purpose: "touch" },
  { name: "icon-badge-96.png", size: 96, shape: "badge", purpose: "monochrome" },
] as const;

// Kept from the start, though a page loads them only when it needs them: a ballot has to open on a train, too.
const ALSO = ["src/routes/PollPage.tsx", "src/comments/Thread.tsx", "src/offline/Renewal.tsx"];

// The typeface of most pages, which is asked for along with the first style and not after it.
const FONT = "public-sans-latin-wght-normal.woff2";
const STYLE = "style.css";
const FONT_LICENCE = "@fontsource-variable/public-sans/LICENSE";

type Bundle = Rolldown.OutputBundle;

function named(bundle: Bundle, name: string): string {
  const found = Object.values(bundle).find((each) => each.type === "asset" && each.names.includes(name));
  if (!found) throw new Error(`${name} isn't among what was built`);
  return `/${found.fileName}`;
}

function manifest(bundle: Bundle): string {
  const icons = ICONS.filter(({ purpose }) => purpose !== "touch").map(({ name, size, purpose }) => ({
    src: named(bundle, name),
    sizes: `${size}x${size}`,
    type: "image/png",
    purpose,
  }));
  return JSON.stringify({
    id: "/",
    name: "VoteWave",
    short_name: "VoteWave",
    description: "Vote together and see the result move.",
    start_url: "/",
    scope: "/",
    display: "standalone",
    background_color: "#f7fbfc",
    theme_color: "#0d5c6b",
    icons,
  });
}

/** Returns the entry, and all files that it and what is kept beside it need. */
function shell(bundle: Bundle, root: string): { entry: string; files: string[] } {
  const entry = chunksOf(bundle).find(({ isEntry, name }) => isEntry && name === "index");
  if (!entry) throw new Error("there is no entry");
  const also: Chunk[] = ALSO.map((path) => chunkOf(bundle, join(root, path)));
  const files = needed(bundle, [entry, ...also]).sort();
  return { entry: `/${entry.fileName}`, files: files.map((name) => `/${name}`) };
}

export function installable(): Plugin {
  let config: ResolvedConfig;
  let define: Record<string, string> = {};
  return {
    name: "votewave-installable",
    apply: "build",
    configResolved(resolved) {
      config = resolved;
    },
    buildStart() {
      for (const { name, size, shape } of ICONS) this.emitFile({ type: "asset", name, source: icon(size, shape) });
    },
    transformIndexHtml: {
      order: "post",
      handler: (_, { bundle }) => [
        { tag: "link", attrs: { rel: "manifest", href: "/manifest.webmanifest" }, injectTo: "head" },
        { tag: "link", attrs: { rel: "preload", as: "font", type: "font/woff2", crossorigin: "", href: named(bundle ?? {}, FONT) }, injectTo: "head" },
        { tag: "link", attrs: { rel: "apple-touch-icon", href: named(bundle ?? {}, "icon-touch-180.png") }, injectTo: "head" },
      ],
    },
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        this.emitFile({ type: "asset", fileName: "manifest.webmanifest", source: manifest(bundle) });
        const licence = readFileSync(join(config.root, "node_modules", FONT_LICENCE), "utf8");
        this.emitFile({ type: "asset", fileName: "assets/public-sans-licence.txt", source: licence }); // it goes with the files
        const { entry, files } = shell(bundle, config.root);
        files.push(named(bundle, FONT), named(bundle, STYLE));
        define = {
          __ENTRY__: JSON.stringify(entry),
          __SHELL__: JSON.stringify(files),
          __ICON__: JSON.stringify(named(bundle, "icon-192.png")),
          __BADGE__: JSON.stringify(named(bundle, "icon-badge-96.png")),
        };
      },
    },
    async closeBundle() {
      if (!define.__ENTRY__) return; // the build has failed; it says why itself
      await build({
        configFile: false,
        root: config.root,
        logLevel: "warn",
        publicDir: false,
        define,
        build: {
          target: "es2023",
          outDir: resolve(config.root, config.build.outDir),
          emptyOutDir: false,
          rolldownOptions: {
            input: join(config.root, "worker/worker.ts"),
            output: { format: "iife", entryFileNames: "sw.js" },
          },
        },
      });
    },
  };
}

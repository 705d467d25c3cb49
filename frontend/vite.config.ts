import { join } from "node:path";
import { lingui } from "@lingui/vite-plugin";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { documents } from "./build/documents";
import { messages } from "./build/messages";
import { installable } from "./build/worker";

const api = process.env.VOTEWAVE_URL ?? "http://127.0.0.1:8000";

// English stays where it is used, so that each page brings its own; another language comes as a whole. What it lacks is
// English, and fails a test.
const sources = () => [react(), lingui({ failOnCompileError: true, macroTransform: { macro: { descriptorFields: "message" } } }), messages()];

// By the whole path: the folder in which this one stands may be called src as well.
const within = (folder: string, but: string[] = []) => {
  const root = join(import.meta.dirname, folder, "/");
  return (file: string) => file.startsWith(root) && !but.includes(file.slice(root.length));
};

export default defineConfig({
  plugins: [sources(), documents(sources), installable()],
  // The policy of the served pages allows no inline style or script, so nothing is turned into a data: URL but pictures.
  // What the packages in it ask for is a copy of their licences, which is served beside them.
  build: {
    target: "es2023",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    cssCodeSplit: false, // all of it is 10 kB: one file that each page has already, instead of six that each waits for
    emptyOutDir: true,
    license: { fileName: "assets/licences.md" },
    rolldownOptions: {
      input: { index: "index.html", early: "src/early.ts" },
      output: {
        // What every page needs of packages is one file, which stays the same from release to release. A dozen small ones
        // would take turns on a phone's few connections.
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [
            { name: "packages", tags: ["$initial"], test: within("node_modules") },
            { name: "shell", tags: ["$initial"], test: within("src", ["main.tsx", "early.ts"]) }, // run by itself, before main.tsx begins
          ],
        },
      },
    },
  },
  server: { proxy: { "/v1": { target: api, changeOrigin: true, ws: true }, "/docs": api, "/openapi.json": api } },
});

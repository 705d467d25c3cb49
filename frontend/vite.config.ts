import { lingui } from "@lingui/vite-plugin";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { messages } from "./build/messages";
import { installable } from "./build/worker";

const api = process.env.VOTEWAVE_URL ?? "http://127.0.0.1:8000";

export default defineConfig({
  // English stays where it is used, so that each page brings its own; another language comes as a whole. What it lacks is
  // English, and fails a test.
  plugins: [react(), lingui({ failOnCompileError: true, macroTransform: { macro: { descriptorFields: "message" } } }), messages(), installable()],
  // The policy of the served pages allows no inline style or script, so nothing is turned into a data: URL but pictures.
  // What the packages in it ask for is a copy of their licences, which is served beside them.
  build: {
    target: "es2023",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    emptyOutDir: true,
    license: { fileName: "assets/licences.md" },
  },
  server: { proxy: { "/v1": { target: api, changeOrigin: true, ws: true }, "/docs": api, "/openapi.json": api } },
});

import { lingui } from "@lingui/vite-plugin";
import { defineConfig } from "vitest/config";
import { messages } from "./build/messages";

export default defineConfig({
  plugins: [lingui({ failOnCompileError: true, macroTransform: { macro: { descriptorFields: "message" } } }), messages()],
  test: {
    environment: "happy-dom",
    include: ["tests/**/*.test.ts"],
    setupFiles: ["tests/setup.ts"],
    env: { TZ: "Europe/Riga" }, // one that has summer time
    restoreMocks: true,
    unstubGlobals: true,
  },
});

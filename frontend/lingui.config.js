import { formatter } from "@lingui/format-po";

/** @type {import("@lingui/conf").LinguiConfig} */
export default {
  sourceLocale: "en",
  locales: ["en", "de"],
  catalogs: [{ path: "src/locales/{locale}", include: ["src"] }],
  // Neither lines nor dates, so that a catalogue changes only where words do.
  format: formatter({ lineNumbers: false, customHeaderAttributes: { "POT-Creation-Date": "" } }),
  orderBy: "message",
};

import { t } from "@lingui/core/macro";
import { useState } from "react";
import { Button } from "./Button";
import ui from "./ui.module.css";

/** Copies a text, and says whether it did. */
export function Copy({ text, name }: { text: string; name: string }) {
  const [said, say] = useState("");

  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
      say(t`It is copied.`);
    } catch {
      say(t`This browser doesn't let pages copy; select it instead.`);
    }
  }

  return (
    <>
      <Button kind="quiet" onClick={() => void copy()}>
        {name}
      </Button>
      <span role="status" className={ui.hint}>
        {said}
      </span>
    </>
  );
}

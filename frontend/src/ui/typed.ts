import { type RefObject, useLayoutEffect, useState } from "react";

type Input = HTMLInputElement | HTMLTextAreaElement;

/** The document's own field, which is `data-still`, and whether somebody is in it. */
function find(): { still: Input | null; there: boolean } {
  const still = import.meta.env.SSR ? null : document.querySelector<Input>("[data-still]");
  const found = { still, there: still !== null && document.activeElement === still };
  still?.addEventListener("focus", () => (found.there = true));
  // Not when it is taken away: then its successor is where they are.
  still?.addEventListener("blur", () => setTimeout(() => (found.there = found.there && !still.isConnected)));
  return found;
}

/**
 * Goes on with what somebody types into the document's own form before its page takes its place.
 *
 * @param field What takes the place of the document's field.
 * @param more Sets its text to what was typed while the page was being drawn.
 * @returns The text so far, and whether the document's form was sent (early.ts).
 */
export function useTyped(field: RefObject<Input | null>, more: (text: string) => void): { text: string; sent: () => boolean } {
  const [{ found, text }] = useState(() => {
    const found = find();
    return { found, text: found.still?.value ?? "" };
  });
  // From here on nothing is typed there any more.
  useLayoutEffect(() => {
    const { still, there } = found;
    if (!still) return;
    if (still.value !== text) more(still.value);
    if (!there) return;
    field.current?.focus();
    field.current?.setSelectionRange(still.selectionStart, still.selectionEnd);
  }, []); // once, as it takes the place
  return { text, sent: () => found.still?.dataset.sent !== undefined };
}

/** What somebody has typed into the document's own form, or sent, before its page took its place; such a field is `data-still`. */
export function typed(): { text: string; there: boolean; sent: boolean } {
  const still = import.meta.env.SSR ? null : document.querySelector<HTMLInputElement | HTMLTextAreaElement>("[data-still]");
  return {
    text: still?.value ?? "",
    there: !!still && document.activeElement === still,
    sent: !!still && "sent" in still.dataset,
  };
}

/** What somebody has typed into the document's own form before its page took its place; such a field is `data-still`. */
export function typed(): { text: string; there: boolean } {
  const still = import.meta.env.SSR ? null : document.querySelector<HTMLInputElement>("input[data-still]");
  return { text: still?.value ?? "", there: !!still && document.activeElement === still };
}

// Which polls' own pages are open in this tab. Such a page sends its ballot itself, and says how it stands.

const open = new Map<string, number>();
const listeners = new Set<() => void>();

/** Says that a poll's page is open, until what is returned is called. */
export function enter(poll: string): () => void {
  open.set(poll, (open.get(poll) ?? 0) + 1);
  for (const listener of listeners) listener();
  return () => {
    const left = (open.get(poll) ?? 1) - 1;
    if (left) open.set(poll, left);
    else open.delete(poll);
    for (const listener of listeners) listener();
  };
}

export const isOpen = (poll: string): boolean => open.has(poll);

/** Tells of pages that are opened or left. */
export function onMove(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

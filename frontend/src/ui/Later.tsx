import { type ReactNode, startTransition, useEffect, useState } from "react";

const FIRST_PAGE_MS = 10_000;

/**
 * What comes after the rest of the first page is seen: drawn in pieces, between which a touch is answered. Pages after
 * that one are drawn whole, so that whoever comes back to one is where they were.
 */
export function Later({ children }: { children: ReactNode }) {
  const [now, setNow] = useState(() => performance.now() > FIRST_PAGE_MS);
  useEffect(() => startTransition(() => setNow(true)), []);
  return now && children;
}

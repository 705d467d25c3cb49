import { type ReactNode, startTransition, useEffect, useState } from "react";

let drawn = false;

/**
 * What comes after the rest of the first page is seen: drawn in pieces, between which a touch is answered. Pages after
 * that one are drawn whole, so that whoever comes back to one is where they were.
 */
export function Later({ children }: { children: ReactNode }) {
  const [now, setNow] = useState(drawn);
  useEffect(() => {
    drawn = true;
    startTransition(() => setNow(true));
  }, []);
  return now && children;
}

// Whether voting has begun: rooms tell the audience what is on stage, not what was.

import { useState } from "react";
import type { Room } from "./state";

/** Returns whether a poll has been on stage while this was shown. */
export function useBegun({ poll }: Room["stage"]): boolean {
  const [begun, setBegun] = useState(!!poll);
  if (poll && !begun) setBegun(true);
  return begun;
}

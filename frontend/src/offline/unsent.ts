// What a reader has filled in and not sent yet, such as a ballot: while there is any, nothing offers to load the page anew.

import { useEffect, useSyncExternalStore } from "react";

const parts = new Set<symbol>();
const listeners = new Set<() => void>();

function tell() {
  for (const listener of listeners) listener();
}

/** Says that a part of the page holds something unsent, as long as it does. */
export function useUnsent(holds: boolean): void {
  useEffect(() => {
    if (!holds) return undefined;
    const part = Symbol("unsent");
    parts.add(part);
    tell();
    return () => {
      parts.delete(part);
      tell();
    };
  }, [holds]);
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

const any = () => parts.size > 0;

/** Whether any part of the page holds something unsent. */
export const useAnyUnsent = (): boolean => useSyncExternalStore(subscribe, any, any);

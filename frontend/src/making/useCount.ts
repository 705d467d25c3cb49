// Asks the server to count made-up ballots, with the code that counts polls. One file at a time, as the server takes them.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, given, type Results } from "../api/client";
import { Problem } from "../api/problem";
import type { Type } from "./methods";

const PAUSE_MS = 350;

let before: Promise<unknown> = Promise.resolve();

/** Counts a file once those before it are counted. */
function count(method: Type, file: string, signal: AbortSignal): Promise<Results> {
  const counting = before.then(async () => {
    signal.throwIfAborted();
    return given(
      await api.POST("/v1/votebooth/count", {
        params: { query: { method, format: "json" } },
        body: file,
        bodySerializer: (text) => text,
        headers: { "content-type": "application/octet-stream" },
      }),
    );
  });
  before = counting.catch(() => undefined);
  return counting;
}

export const countOf = (method: Type, file: string) => ({
  queryKey: ["count", method, file],
  queryFn: ({ signal }: { signal: AbortSignal }) => count(method, file, signal),
  staleTime: Number.POSITIVE_INFINITY, // equal ballots, equal results
  // Whoever plays fast waits for the server's leave to count again.
  retry: (tries: number, error: Error) => (error instanceof Problem ? error.status === 429 && tries < 6 : tries < 2),
  retryDelay: (tries: number) => 2_000 * (tries + 1),
});

/** Returns the count of a file once it has been the same for a moment, and the one before until then. */
export function useCount(method: Type, file: string) {
  const [settled, setSettled] = useState({ method, file });
  useEffect(() => {
    const timer = setTimeout(() => setSettled({ method, file }), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [method, file]);
  const counted = useQuery({ ...countOf(settled.method, settled.file), placeholderData: keepPreviousData });
  return { ...counted, behind: counted.isPlaceholderData || settled.file !== file || settled.method !== method };
}

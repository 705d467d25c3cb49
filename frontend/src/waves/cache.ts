// Where Waves are held, and how an act's answer gets to each place that shows the Wave.

import type { QueryClient } from "@tanstack/react-query";
import type { Schemas } from "../api/client";

export type Wave = Schemas["WaveView"];
export type WaveBody = Schemas["WaveBody"];

export const WAVES = "waves"; // every query that holds Waves begins with it

/** Puts a Wave's new state wherever it is shown, also where others share it on. */
export function replace(queries: QueryClient, id: string, change: (old: WaveBody) => WaveBody): void {
  queries.setQueriesData({ queryKey: [WAVES] }, (data: unknown) => mapped(data, id, change));
}

/** Takes a Wave out of all that is shown. */
export function remove(queries: QueryClient, id: string): void {
  queries.setQueriesData({ queryKey: [WAVES] }, (data: unknown) => mapped(data, id, () => null));
}

function isWave(value: object): value is WaveBody {
  return "id" in value && "counts" in value && "visibility" in value;
}

function mapped(value: unknown, id: string, change: (old: WaveBody) => WaveBody | null): unknown {
  if (Array.isArray(value)) return value.map((one: unknown) => mapped(one, id, change)).filter((one) => one !== null);
  if (typeof value !== "object" || value === null) return value;
  if (isWave(value) && value.id === id) {
    const next = change(value);
    return next && { ...value, ...next, original: (value as Wave).original ?? null };
  }
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, mapped(one, id, change)]));
}

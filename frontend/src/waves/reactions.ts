// What one may do with a Wave, and what it looks like until it is read again.

import { api, given } from "../api/client";
import type { WaveBody } from "./cache";

export type Reaction = "like" | "clap" | "ripple" | { emoji: string };

/** Does or undoes it; returns the Wave as it is then. */
export async function react(wave: WaveBody, reaction: Reaction, on: boolean): Promise<WaveBody> {
  const params = { path: { wave_id: wave.id } };
  if (typeof reaction === "object") {
    if (on) return given(await api.PUT("/v1/expressions/waves/{wave_id}/emoji", { params, body: reaction }));
    given(await api.DELETE("/v1/expressions/waves/{wave_id}/emoji", { params }));
  } else if (reaction === "ripple") {
    if (on) given(await api.PUT("/v1/expressions/waves/{wave_id}/ripple", { params }));
    else given(await api.DELETE("/v1/expressions/waves/{wave_id}/ripple", { params }));
  } else if (reaction === "like") {
    if (on) return given(await api.PUT("/v1/expressions/waves/{wave_id}/like", { params }));
    given(await api.DELETE("/v1/expressions/waves/{wave_id}/like", { params }));
  } else {
    if (on) return given(await api.PUT("/v1/expressions/waves/{wave_id}/clap", { params }));
    given(await api.DELETE("/v1/expressions/waves/{wave_id}/clap", { params }));
  }
  return given(await api.GET("/v1/expressions/waves/{wave_id}", { params }));
}

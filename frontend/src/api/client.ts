// The API's client, typed by the API's own OpenAPI document. It takes its token from the session, and a new one once
// when the token turns out to be over.

import createClient from "openapi-fetch";
import { takeEarly } from "../early";
import { session } from "../session/session";
import { Problem, type ProblemDocument } from "./problem";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type Poll = Schemas["PollView"];

/** Whether voting in a poll has ended for good. */
export const isOver = (status: Poll["status"] | null): boolean => status === "closed" || status === "archived";
export type Results = Schemas["Results"];
export type BallotBody = Schemas["BallotBody"];

async function send(request: Request): Promise<Response> {
  const again = request.clone();
  const token = await session.token();
  if (token) request.headers.set("authorization", `Bearer ${token}`);
  const answer = (await takeEarly(request)) ?? (await fetch(request));
  if (answer.status !== 401 || !token) return answer;
  const next = await session.renewed(token);
  if (!next) return answer;
  again.headers.set("authorization", `Bearer ${next}`);
  return fetch(again);
}

export const api = createClient<paths>({ baseUrl: location.origin, fetch: send });

/** The API as nobody sees it, for what is shown to a hall whoever is signed in. */
export const nobody = createClient<paths>({ baseUrl: location.origin });

/** Returns an answer's data, or throws the API's problem. */
export function given<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  if (answer.response.ok) return answer.data as T;
  const error = typeof answer.error === "object" && answer.error ? (answer.error as Partial<ProblemDocument>) : {};
  throw new Problem(answer.response.status, error);
}

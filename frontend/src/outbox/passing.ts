// What of a ballot that didn't arrive may pass, and how long to wait before it is sent again.

import { Problem } from "../api/problem";

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

/** Whether an error is of the connection or of a server in trouble, and not the server's word on the ballot. */
export const mayPass = (error: unknown): boolean => !(error instanceof Problem) || error.status >= 500 || error.status === 429;

/** How long to wait after so many tries. Many come back at the same moment, so no two wait alike. */
export const waitMs = (tries: number): number => Math.min(FIRST_WAIT_MS * 2 ** tries, LONGEST_WAIT_MS) * (0.5 + Math.random());

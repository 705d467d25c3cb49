// What pages leave for the worker: in what words it shows what is pushed, and as what this browser was added. Both read
// this, so it knows neither of them.

export const WORDS_CACHE = "votewave-words";
export const WORDS_PATH = "/push-words";
export const MINE_PATH = "/push-device";

/** Whom this browser tells, and the device that it is to the server. */
export type Mine = { account: string; device: string; label: string };

/** What `src/notifications/push.ts` leaves: sentences in which the names' places are marked. */
export type Words = {
  locale: string;
  one: Record<string, string>;
  many: Record<string, string>;
  somebody: string;
  others: string;
  more: string;
};

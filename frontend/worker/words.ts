// In what words the worker shows what is pushed. Pages make them, so this knows neither of them.

/** What `src/notifications/push.ts` leaves: sentences in which the names' places are marked. */
export type Words = {
  locale: string;
  one: Record<string, string>;
  many: Record<string, string>;
  somebody: string;
  others: string;
  more: string;
};

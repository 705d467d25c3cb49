/** What can be reported. */
export const kinds = ["comment", "wave", "message"] as const;
export type Kind = (typeof kinds)[number];

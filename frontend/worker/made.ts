// What the build knows of itself; `build/worker.ts` puts it in.

declare const __ENTRY__: string;
declare const __SHELL__: string[];
declare const __ICON__: string;
declare const __BADGE__: string;

/** The script that the document names: another one with each version. */
export const ENTRY = __ENTRY__;

/** The scripts and styles without which no page opens. */
export const SHELL = __SHELL__;

/** The sign beside what was pushed, and the one in a bar of the system, which colours it itself. */
export const ICON = __ICON__;
export const BADGE = __BADGE__;

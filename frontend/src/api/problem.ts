import { t } from "@lingui/core/macro";
import type { components } from "./schema";

export type ProblemDocument = components["schemas"]["ProblemDocument"];

/** What the API refused, and why, in its own words. */
export class Problem extends Error {
  readonly status: number;
  readonly slug: string;
  readonly detail: string;
  readonly trace: string;
  readonly errors: ProblemDocument["errors"];

  constructor(status: number, document: Partial<ProblemDocument>) {
    super(document.detail || document.title || t`The server answered ${status}.`);
    this.status = status;
    this.slug = (document.type ?? "").split("/").at(-1) ?? "";
    this.detail = this.message;
    this.trace = document.trace ?? "";
    this.errors = document.errors ?? [];
  }

  /** What is wrong with one field. */
  of(field: string): string | undefined {
    return this.errors.find((error) => error.field === field || error.field?.startsWith(`${field}.`))?.message;
  }
}

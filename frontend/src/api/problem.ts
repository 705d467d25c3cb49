import { t } from "@lingui/core/macro";
import type { components } from "./schema";
import { wrong } from "../words/problems";

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
    const error = this.errors.find((each) => each.field === field || each.field?.startsWith(`${field}.`));
    return error && wrong(error);
  }
}

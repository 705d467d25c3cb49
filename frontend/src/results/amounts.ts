import type { Results } from "../api/client";
import { number } from "../words/format";

export type Amount = Results["rounds"][number]["exhausted"];

/** A number of votes, which a method that transfers shares of votes gives as a fraction. */
export function amountOf(amount: Amount): number {
  return typeof amount === "number" ? amount : Number(amount.decimal);
}

/** As people read it: to two places. */
export function shown(amount: Amount): string {
  return number(amountOf(amount));
}

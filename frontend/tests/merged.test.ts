// Lists of several services as one: in order, with nothing left out, whatever each brings at a time.

import { expect, it } from "vitest";
import { type Merged, nextOf, type Source } from "../src/moderation/merged";

const before = (one: number, other: number) => one < other;

/** A list that brings so many at a time, or as many as nothing now and then, and counts how often it is asked. */
function listOf(all: number[], size: number, emptyFirst = false) {
  const asked: (string | undefined)[] = [];
  const source: Source<number> = async (cursor) => {
    asked.push(cursor);
    if (emptyFirst && cursor === undefined) return { items: [], next: "0" };
    const from = Number(cursor ?? 0);
    const to = from + size;
    return { items: all.slice(from, to), next: to < all.length ? String(to) : null };
  };
  return { source, asked };
}

async function allOf(sources: Record<string, Source<number>>) {
  const pages: Merged<number>[] = [await nextOf(sources, before)];
  for (let last = pages[0]; last?.more; last = pages.at(-1)) pages.push(await nextOf(sources, before, last.rest));
  return pages;
}

const range = (from: number, to: number, step: number) =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, place) => from + place * step);

it("brings all of each list, in order", async () => {
  const lists = [range(0, 90, 3), range(1, 90, 3), range(2, 90, 3), range(500, 590, 1)];
  const sizes = [1, 7, 20, 13];
  const sources = Object.fromEntries(lists.map((all, place) => [`${place}`, listOf(all, sizes[place] ?? 1, place === 1).source]));
  const pages = await allOf(sources);
  expect(pages.flatMap((page) => page.items)).toEqual(lists.flat().sort((one, other) => one - other));
  expect(pages.slice(0, -1).every((page) => page.items.length === 20)).toBe(true);
});

it("asks a list for more only when what it brought is shown", async () => {
  const early = listOf(range(0, 100, 1), 20);
  const late = listOf(range(1000, 1100, 1), 20);
  await nextOf({ early: early.source, late: late.source }, before);
  expect(late.asked).toEqual([undefined]);
});

it("goes on without one that doesn't answer, also when it fails later", async () => {
  const sound = listOf(range(0, 60, 1), 20);
  let asked = 0;
  const frail: Source<number> = async (cursor) => {
    asked += 1;
    if (cursor) throw new Error("gone");
    return { items: [0.5, 1.5], next: "2" };
  };
  const pages = await allOf({ sound: sound.source, frail });
  expect(pages.flatMap((page) => page.items)).toEqual([0, 0.5, 1, 1.5, ...range(2, 60, 1)]);
  expect(pages.map((page) => page.rest.silent)).toEqual(pages.map(() => ["frail"]));
  expect(asked).toBe(2);
});

it("fails when none answers", async () => {
  const gone: Source<number> = async () => {
    throw new Error("gone");
  };
  await expect(nextOf({ one: gone, other: gone }, before)).rejects.toThrow("gone");
});

it("ends with nothing where nothing is", async () => {
  expect(await nextOf({ one: listOf([], 20).source }, before)).toMatchObject({ items: [], more: false });
});

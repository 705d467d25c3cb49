import { describe, expect, it } from "vitest";
import { blank, bodyOf, filled, marksOf, type Method, missing, mostRanks, sentence, spent } from "../src/ballots/rules";
import { speak } from "../src/words/locale";

const method = (type: Method["type"], rest: object = {}) => ({ type, ...rest }) as Method;
const several = method("multiple", { min_picks: 2, max_picks: 3 });
const points = method("points", { points: 5 });

describe("what keeps a ballot from being cast", () => {
  it.each(["single", "multiple", "approval", "score", "star", "irv", "stv", "schulze", "ranked_robin", "points"] as const)(
    "says so of an empty ballot of %s",
    (type) => expect(missing(method(type, { min_picks: 1, max_picks: null, points: 3, seats: 2 }), blank)).not.toBe(""),
  );

  it("counts what has to be chosen, and what is too much", () => {
    expect(missing(several, { ...blank, picks: [1] })).toBe("Choose 1 more to vote.");
    expect(missing(several, { ...blank, picks: [1, 2, 3] })).toBe("");
    expect(missing(several, { ...blank, picks: [1, 2, 3, 4] })).toBe("Take away 1.");
    expect(missing(method("multiple", { min_picks: 1, max_picks: null }), { ...blank, picks: [1, 2, 3, 4] })).toBe("");
  });

  it("counts points to the last one, by the language's own plurals", async () => {
    expect(missing(points, { ...blank, points: { 1: 4 } })).toBe("1 point is left to give.");
    expect(missing(points, { ...blank, points: { 1: 2, 2: 0 } })).toBe("3 points are left to give.");
    expect(missing(points, { ...blank, points: { 1: 3, 2: 2 } })).toBe("");
    expect(missing(points, { ...blank, points: { 1: 5, 2: 2 } })).toBe("Take back 2 points.");
    await speak("de");
    expect(missing(points, { ...blank, points: { 1: 4 } })).toMatch(/^1 Punkt /);
    expect(missing(points, { ...blank, points: { 1: 2 } })).toMatch(/^3 Punkte /);
  });

  it("takes no ballot of zeros for one that scores", () => {
    expect(missing(method("star"), { ...blank, scores: { 1: 0, 2: 0 } })).not.toBe("");
    expect(missing(method("star"), { ...blank, scores: { 1: 0, 2: 1 } })).toBe("");
  });
});

describe("what is sent", () => {
  it("is what the method asks for and nothing else", () => {
    const marks = { picks: [2], scores: { 1: 3 }, ranking: [2, 1], points: { 1: 5, 2: 0 } };
    expect(bodyOf(method("approval"), marks)).toEqual({ picks: [2] });
    expect(bodyOf(method("score"), marks)).toEqual({ scores: { 1: 3 } });
    expect(bodyOf(method("schulze"), marks)).toEqual({ ranking: [2, 1] });
    expect(bodyOf(points, marks)).toEqual({ points: { 1: 5 } });
    expect(spent(marks)).toBe(5);
  });

  it("is filled in again as it was, and a tie as an order", () => {
    expect(marksOf({ ranking: [[3], [1, 2]] })).toEqual({ ...blank, ranking: [3, 1, 2] });
    expect(marksOf({ picks: [4] })).toEqual({ ...blank, picks: [4] });
    expect(marksOf({ abstain: true })).toEqual(blank);
  });
});

it("says the rule with the poll's own numbers", () => {
  expect(sentence(method("multiple", { min_picks: 2, max_picks: 2 }), 9)).toBe("Choose exactly 2.");
  expect(sentence(method("multiple", { min_picks: 1, max_picks: null }), 9)).toBe("Choose up to 9.");
  expect(sentence(method("stv", { seats: 1 }), 9)).toContain("1 is elected");
  expect(sentence(method("stv", { seats: 3 }), 9)).toContain("3 are elected");
  expect(filled(method("irv"), { ...blank, ranking: [1, 2] }, 9)).toBe("2 of 9 ranked.");
  expect(mostRanks(method("irv", { max_ranks: null }), 9)).toBe(9);
  expect(mostRanks(method("irv", { max_ranks: 3 }), 9)).toBe(3);
});

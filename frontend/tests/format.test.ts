import { describe, expect, it } from "vitest";
import { elsewhere, localOf, moment, momentOf } from "../src/ui/time";
import { listed, number, percent } from "../src/words/format";
import { speak } from "../src/words/locale";

describe("what is written in the reader's language", () => {
  it("writes lists and numbers as English does", () => {
    expect(listed([])).toBe("");
    expect(listed(["Ada", "Bo", "Cy"])).toBe("Ada, Bo, and Cy");
    expect(number(1234.567)).toBe("1,234.57");
    expect(percent(0.456)).toBe("46%");
  });

  it("writes them as German does, once German is spoken", async () => {
    expect(number(1234.5)).toBe("1,234.5");
    await speak("de");
    expect(listed(["Ada", "Bo", "Cy"])).toBe("Ada, Bo und Cy");
    expect(number(1234.5)).toBe("1.234,5");
    expect(percent(0.456)).toBe("46\u00a0%");
  });

  it("names the reader's zone beside a moment", () => {
    expect(moment("2026-07-01T12:00:00Z")).toBe("Jul 1, 2026, 15:00 GMT+3");
    expect(moment("2026-12-01T12:00:00Z")).toBe("Dec 1, 2026, 14:00 GMT+2");
  });

  it("says what clocks show elsewhere, where that is something else", async () => {
    expect(elsewhere("2026-07-01T12:00:00Z", "Europe/Berlin")).toBe("14:00");
    expect(elsewhere("2026-07-01T12:00:00Z", "Asia/Tokyo")).toBe("21:00");
    expect(elsewhere("2026-12-31T20:00:00Z", "Pacific/Auckland")).toBe("Jan 1, 2027, 09:00");
    await speak("de");
    expect(elsewhere("2026-12-31T20:00:00Z", "Pacific/Auckland")).toBe("1. Jan. 2027, 09:00");
    for (const same of ["Europe/Riga", "Europe/Helsinki", "", null, undefined, "posix/Europe/Paris", "Nowhere/At_All"]) {
      expect(elsewhere("2026-07-01T12:00:00Z", same)).toBeNull();
    }
  });
});

describe("a field for date and time", () => {
  it.each(["2026-07-01T12:00:00.000Z", "2026-12-31T23:30:00.000Z", "2026-03-29T00:59:00.000Z", "2026-03-29T01:00:00.000Z"])(
    "gives back the moment %s, in summer and in winter",
    (at) => expect(momentOf(localOf(at))).toBe(at),
  );

  it("names no moment where it is empty or wrong", () => {
    expect(localOf(null)).toBe("");
    for (const local of ["", "tomorrow", "2026-13-01T00:00"]) expect(momentOf(local)).toBeNull();
  });
});

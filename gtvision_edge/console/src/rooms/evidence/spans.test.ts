import { expect, test } from "vitest";
import { sent } from "./spans";

const EDGE = "2026-11-29T15:04:05.123456+00:00";

test("a time that was left as the incident has it goes out to the microsecond", () => {
  expect(sent(Date.parse(EDGE), EDGE)).toBe(EDGE);
  expect(sent(Date.parse("2026-11-29T15:04:05Z"), EDGE)).toBe(EDGE);
});

test("another time goes out as it was typed", () => {
  expect(sent(Date.parse("2026-11-29T15:04:09Z"), EDGE)).toBe("2026-11-29T15:04:09.000Z");
  expect(sent(Date.parse("2026-11-29T15:04:05Z"))).toBe("2026-11-29T15:04:05.000Z");
});

import { beforeEach, expect, it } from "vitest";
import { bytesAbout } from "./rates";
import { lanes } from "./store";

const RATES = new Map([
  ["gate", 1000],
  ["dock", 500],
]);

beforeEach(() => {
  lanes.value = new Map([["gate", { cameraId: "gate", timeline: null, stretches: [{ startMs: 0, endMs: 20_000 }], marks: [], asked: { startMs: 0, endMs: 60_000 }, error: null }]]);
});

it("reckons without what is known to be missing, and whole what is not known", () => {
  expect(bytesAbout(RATES, ["gate"], 0, 60_000)).toBe(20_000);
  expect(bytesAbout(RATES, ["gate", "dock"], 0, 60_000)).toBe(50_000);
  // Beyond what was asked for nothing is known to be missing.
  expect(bytesAbout(RATES, ["gate"], 0, 120_000)).toBe(120_000);
  expect(bytesAbout(RATES, ["unknown"], 0, 60_000)).toBe(0);
});

import { expect, test } from "vitest";
import type { ArchiveStatus } from "../../../api/lines";
import { toneOf } from "../lines/tone";
import { discardable, isDown, isOfInterest } from "./pending";

const line = (parts: Partial<ArchiveStatus>): ArchiveStatus => ({ state: "up", since: "", reason: null, waiting: 0, waiting_bytes: 0, removing: 0, oldest: null, parked: 0, copies: 0, copied_bytes: 0, given_up: 0, ...parts });
const tone = (parts: Partial<ArchiveStatus>, ...codes: string[]) =>
  toneOf(
    isDown(line(parts)),
    "archive_far_behind",
    codes.map((code) => ({ code })),
  );

test("a store that takes copies has no colour, one that does not is amber, far behind is red", () => {
  for (const state of ["off", "unknown", "up"] as const) expect(tone({ state })).toBe("plain");
  for (const state of ["unreachable", "refused"] as const) expect(tone({ state })).toBe("warn");
  expect(tone({}, "archive_far_behind")).toBe("alarm");
  expect(tone({}, "hub_far_behind")).toBe("plain");
});

test("giving all up takes what failed, and all that is pending once the archive is off", () => {
  const pending = { waiting: 5, removing: 2, parked: 3 };
  expect(discardable(line(pending))).toBe(3);
  expect(discardable(line({ ...pending, state: "off" }))).toBe(10);
});

test("where nothing is copied elsewhere nothing is said of it, unless something is left", () => {
  expect(isOfInterest(line({ state: "off" }))).toBe(false);
  expect(isOfInterest(line({ state: "off", removing: 1 }))).toBe(true);
  expect(isOfInterest(line({ state: "off", copies: 7 }))).toBe(true);
  expect(isOfInterest(line({ state: "unknown" }))).toBe(true);
});

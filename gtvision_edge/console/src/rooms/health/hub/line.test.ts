import { expect, test } from "vitest";
import type { UplinkStatus } from "../../../api/lines";
import { lineTone, lineWord, secondsLeft } from "./line";

const line = (parts: Partial<UplinkStatus>): UplinkStatus => ({ state: "up", since: "", reason: null, waiting: 0, waiting_bytes: 0, oldest: null, rate: 0, parked: 0, dropped: 0, queues: [], ...parts });

test("a line that works has no colour, one that is down is amber, a hub far behind is red", () => {
  expect(lineTone(line({}), [])).toBe("plain");
  expect(lineTone(line({ state: "connecting" }), [])).toBe("plain");
  expect(lineTone(line({ state: "off", waiting: 9 }), [])).toBe("plain");
  for (const state of ["unreachable", "refused", "blocked", "stalled", "not_taking"] as const) expect(lineTone(line({ state }), [])).toBe("warn");
  expect(lineTone(line({ state: "unreachable" }), [{ code: "hub_far_behind" }])).toBe("alarm");
});

test("the top bar says nothing where there is no hub, and what waits only where the line is up", () => {
  expect(lineWord(line({ state: "off", waiting: 900 }))).toBeNull();
  expect(lineWord(line({ waiting: 40 }))).toEqual({ state: "up" });
  expect(lineWord(line({ waiting: 900 }))).toEqual({ waiting: 900 });
  expect(lineWord(line({ state: "blocked", waiting: 900 }))).toEqual({ state: "blocked" });
});

test("how long it takes is said only while it drains", () => {
  expect(secondsLeft(line({ waiting: 6_000, rate: 100 }))).toBe(60);
  expect(secondsLeft(line({ waiting: 6_000, rate: 0 }))).toBeNull();
  expect(secondsLeft(line({ waiting: 50, rate: 100 }))).toBeNull();
  expect(secondsLeft(line({ state: "unreachable", waiting: 6_000, rate: 100 }))).toBeNull();
});

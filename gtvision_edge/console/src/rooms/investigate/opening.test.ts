import { signal, type Signal } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Camera } from "../../api/types";
import { siteClock } from "../../state/clock";
import { parseRoute, route } from "../../state/route";
import { cameras } from "../../state/site";
import { newestInstead, openAtFootage } from "./opening";
import { showPlates, showsPlates } from "./opened";
import { goTo, isPlaying, lanes, openRoom, playhead, type Lane } from "./store";
import type { Timeline } from "./types";

// Only a browser has an address bar.
vi.mock("../../state/route", async (original) => {
  const real = await original<typeof import("../../state/route")>();
  return { ...real, route: signal(real.parseRoute("")) };
});
const address = route as Signal<typeof route.value>;

const NOW = Date.parse("2026-11-25T15:00:00Z");
const MINUTE = 60_000;

function lane(cameraId: string, stretches: [number, number][], lastMs = stretches.at(-1)?.[1] ?? null): Lane {
  const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
  const timeline = { camera_id: cameraId, first: iso(stretches[0]?.[0] ?? (lastMs === null ? null : lastMs - MINUTE)), last: iso(lastMs) } as Timeline;
  return { cameraId, timeline, stretches: stretches.map(([startMs, endMs]) => ({ startMs, endMs })), marks: [], asked: null, error: null };
}

describe("where to begin", () => {
  it("is a minute ago where any camera recorded then", () => {
    expect(newestInstead([lane("a", []), lane("b", [[NOW - 5 * MINUTE, NOW]])], NOW - MINUTE)).toBeNull();
  });

  it("is the last minute of what there is", () => {
    expect(newestInstead([lane("a", [[NOW - 20 * MINUTE, NOW - 10 * MINUTE]])], NOW - MINUTE)).toBe(NOW - 11 * MINUTE);
  });

  it("is the beginning of a piece shorter than that", () => {
    expect(newestInstead([lane("a", [[NOW - 30_000, NOW]])], NOW - MINUTE)).toBe(NOW - 30_000);
  });

  it("is shortly before the end of what is out of sight, of whichever camera stopped last", () => {
    const last = NOW - 26 * 60 * MINUTE;
    expect(newestInstead([lane("a", [], last), lane("b", [], last - MINUTE)], NOW - MINUTE)).toBe(last - 10_000);
  });

  it("is left alone where nothing was ever recorded", () => {
    expect(newestInstead([lane("a", [])], NOW - MINUTE)).toBeNull();
  });
});

describe("opening the room", () => {
  let stop = (): void => {};
  const old = lane("gate", [[NOW - 20 * MINUTE, NOW - 10 * MINUTE]]);
  const open = (query: string): void => {
    address.value = parseRoute(`#/investigate?${query}`);
    stop = openAtFootage();
  };
  beforeEach(() => {
    vi.spyOn(siteClock, "now").mockReturnValue(NOW);
    cameras.value = [{ camera_id: "gate", name: "Portão" } as Camera];
  });
  afterEach(() => {
    stop();
    vi.restoreAllMocks();
  });

  it("waits for what was recorded, and goes there", () => {
    lanes.value = new Map([["gate", lane("gate", [[NOW - 90 * MINUTE, NOW - 80 * MINUTE]])]]);
    open("");
    expect(playhead.value).toBe(NOW - MINUTE);

    lanes.value = new Map([["gate", old]]);

    expect(playhead.value).toBe(NOW - 11 * MINUTE);
  });

  it("stays where the address or a person put it", () => {
    open("t=2026-11-25T14:59:30Z");
    lanes.value = new Map([["gate", old]]);
    expect(playhead.value).toBe(NOW - 30_000);
    stop();

    open("");
    goTo(NOW - 45_000);
    lanes.value = new Map([["gate", old]]);
    expect(playhead.value).toBe(NOW - 45_000);
  });
});

describe("who comes for a passage", () => {
  afterEach(() => {
    address.value = parseRoute("");
    isPlaying.value = false;
  });

  it("sees it played, and at any other moment the picture stands", () => {
    address.value = parseRoute("#/investigate?c=cam01&t=2026-11-25T14:00:00Z&play=1");
    openRoom();
    expect(isPlaying.value).toBe(true);
    expect(playhead.value).toBe(Date.parse("2026-11-25T14:00:00Z"));

    address.value = parseRoute("#/investigate?c=cam01&t=2026-11-25T14:00:00Z");
    openRoom();
    expect(isPlaying.value).toBe(false);
  });

  it("asks for plates once, each person for themselves", () => {
    expect(showsPlates("ana")).toBe(false);
    showPlates("ana");
    expect(showsPlates("ana")).toBe(true);
    expect(showsPlates("bia")).toBe(false);
    expect(showsPlates(undefined)).toBe(false);
  });
});

import { describe, expect, it } from "vitest";
import { gapEdge, holeBetween, mediaAt, missingIn, nextFootage, wallAt, type Piece } from "./footage";
import { centre, lengthOf, LONGEST_MS, pan, pinch, placeOf, SHORTEST_MS, snap, ticksOf, timeAt, zoom } from "./scale";
import { Seat } from "./seat";
import { midnightOf, momentOf, offsetOf, parseWhen } from "./when";

const ZONE = "America/Sao_Paulo";
const NOW = Date.parse("2026-11-25T22:41:00Z"); // 19:41 there

describe("the axis", () => {
  const view = { startMs: 1_000_000, endMs: 4_600_000 };

  it("keeps what is under the pointer where it is", () => {
    const closer = zoom(view, 0.5, 0.25);

    expect(timeAt(closer, 0.25)).toBeCloseTo(timeAt(view, 0.25));
    expect(lengthOf(closer)).toBe(1_800_000);
    expect(placeOf(view, timeAt(view, 0.7))).toBeCloseTo(0.7);
  });

  it("ends at ten seconds and at a month", () => {
    expect(lengthOf(zoom(view, 1e-9, 0.5))).toBe(SHORTEST_MS);
    expect(lengthOf(zoom(view, 1e9, 0.5))).toBe(LONGEST_MS);
  });

  it("keeps what is under two fingers under them", () => {
    const closer = pinch(view, [0.4, 0.6], [0.1, 0.7]);

    expect(lengthOf(closer)).toBeCloseTo(lengthOf(view) / 3);
    expect(timeAt(closer, 0.1)).toBeCloseTo(timeAt(view, 0.4));
    expect(timeAt(closer, 0.7)).toBeCloseTo(timeAt(view, 0.6));
    expect(pinch(view, [0.3, 0.6], [0.5, 0.5]).startMs).toBeLessThan(view.startMs);
  });

  it("pans and centres without changing its length", () => {
    expect(pan(view, 500)).toEqual({ startMs: 1_000_500, endMs: 4_600_500 });
    expect(lengthOf(centre(view, 0))).toBe(lengthOf(view));
  });

  it("writes round times of the site's zone, no denser than they can be read", () => {
    const day = { startMs: midnightOf(NOW, ZONE), endMs: midnightOf(NOW, ZONE, 1) };
    const ticks = ticksOf(day, 900, offsetOf(NOW, ZONE));

    expect(ticks[0]).toBe(day.startMs);
    expect(ticks.length).toBeLessThanOrEqual(9);
    expect(ticks.length).toBeGreaterThan(3);
  });

  it("asks for pictures on a grid", () => {
    expect([snap(19_999, 10_000), snap(20_000, 10_000)]).toEqual([10_000, 20_000]);
  });
});

describe("a moment that was typed", () => {
  const at = (text: string): string | null => {
    const ms = parseWhen(text, NOW, ZONE);
    return ms === null ? null : new Date(ms).toISOString();
  };

  it.each([
    ["25/11 03:12", "2026-11-25T06:12:00.000Z"],
    ["25/11/2026 03:12:05", "2026-11-25T06:12:05.000Z"],
    ["2026-11-25 03:12", "2026-11-25T06:12:00.000Z"],
    ["03:12", "2026-11-25T06:12:00.000Z"],
    ["23:00", "2026-11-25T02:00:00.000Z"],
    ["ontem 14h30", "2026-11-24T17:30:00.000Z"],
    ["yesterday 2:15", "2026-11-24T05:15:00.000Z"],
    ["hoje", "2026-11-25T03:00:00.000Z"],
    ["31/12 10:00", "2025-12-31T13:00:00.000Z"],
    ["1.3.25 7h", "2025-03-01T10:00:00.000Z"],
  ])("%s", (typed, wanted) => {
    expect(at(typed)).toBe(wanted);
  });

  it.each(["", "abc", "25:00", "31/02 10:00", "12:60", "25/11 03:12 x", "25/11 24/11"])("%s is none", (typed) => {
    expect(at(typed)).toBeNull();
  });

  it("knows days that have 23 or 25 hours", () => {
    const zone = "Europe/Berlin";
    const spring = momentOf({ year: 2026, month: 3, day: 29, hour: 12, minute: 0, second: 0 }, zone);

    expect(midnightOf(spring, zone, 1) - midnightOf(spring, zone)).toBe(23 * 3_600_000);
  });
});

describe("footage", () => {
  const pieces: Piece[] = [
    { mediaS: 0, lengthS: 2, wallMs: 10_000 },
    { mediaS: 2, lengthS: 2, wallMs: 12_000 },
    { mediaS: 4, lengthS: 2, wallMs: 60_000 },
  ];
  const lane = [
    { startMs: 10_000, endMs: 14_000 },
    { startMs: 60_000, endMs: 62_000 },
  ];

  it("maps the wall to the media and back, and says what was not recorded", () => {
    expect(mediaAt(pieces, 13_000)).toBeCloseTo(3);
    expect(mediaAt(pieces, 60_500)).toBeCloseTo(4.5);
    expect(mediaAt(pieces, 30_000)).toBeNull();
    expect(mediaAt(pieces, 9_000)).toBeNull();
    expect(mediaAt([], 9_000)).toBeNull();
    expect(wallAt(pieces, 4.5)).toBe(60_500);
    expect(wallAt(pieces, 0)).toBe(10_000);
  });

  it("goes on where any camera has something", () => {
    expect(nextFootage([lane, [{ startMs: 20_000, endMs: 21_000 }]], 14_000)).toBe(20_000);
    expect(nextFootage([lane], 11_000)).toBe(11_000);
    expect(nextFootage([lane], 99_000)).toBeNull();
    expect([gapEdge(lane, 11_000, 1), gapEdge(lane, 61_500, -1), gapEdge(lane, 11_000, -1)]).toEqual([60_000, 60_000, null]);
  });

  it("tells a hole from a player that ran fast", () => {
    expect(holeBetween(pieces, 13_000, 61_000)).toEqual({ startMs: 14_000, endMs: 60_000 });
    expect(holeBetween(pieces, 10_000, 13_900)).toBeNull();
    // Told once, at the first frame after it, though that frame's time is rounded.
    expect(holeBetween(pieces, 13_950, 59_999.5)).not.toBeNull();
    expect(holeBetween(pieces, 59_999.5, 60_080)).toBeNull();
    expect(holeBetween(pieces, 60_500, 61_900)).toBeNull();
    expect(holeBetween(pieces, 61_000, 13_000)).toBeNull();
  });

  it("counts what is missing of an interval", () => {
    expect(missingIn(lane, 10_000, 62_000)).toEqual({ ms: 46_000, pieces: 1 });
    expect(missingIn(lane, 0, 70_000)).toEqual({ ms: 10_000 + 46_000 + 8_000, pieces: 3 });
    expect(missingIn(lane, 10_500, 13_500)).toEqual({ ms: 0, pieces: 0 });
    expect(missingIn([], 0, 5_000)).toEqual({ ms: 5_000, pieces: 1 });
  });
});

describe("cameras out of step", () => {
  const setUp = async () => {
    const store = await import("./store");
    store.chosen.value = ["cam01", "cam02", "cam03"];
    store.selected.value = "cam01";
    store.inStep.value = true;
    store.parked.value = new Map();
    store.view.value = { startMs: 0, endMs: 100_000 };
    store.goTo(50_000);
    return store;
  };

  it("stay where they are while the selected one moves", async () => {
    const { goTo, momentOfCamera, moves, toggleInStep } = await setUp();
    toggleInStep();
    goTo(60_000);

    expect(["cam01", "cam02"].map(momentOfCamera)).toEqual([60_000, 50_000]);
    expect(["cam01", "cam02"].map(moves)).toEqual([true, false]);
  });

  it("go on from where they stand when they are taken in hand", async () => {
    const { goTo, momentOfCamera, playhead, select, toggleInStep } = await setUp();
    toggleInStep();
    goTo(60_000);
    select("cam02");
    expect(playhead.value).toBe(50_000);
    goTo(20_000);
    select("cam01");

    expect(["cam01", "cam02", "cam03"].map(momentOfCamera)).toEqual([60_000, 20_000, 50_000]);
  });

  it("come to the moment of the selected one when they are in step again", async () => {
    const { goTo, momentOfCamera, select, toggleInStep } = await setUp();
    toggleInStep();
    goTo(60_000);
    select("cam03");
    toggleInStep();

    expect(["cam01", "cam02", "cam03"].map(momentOfCamera)).toEqual([50_000, 50_000, 50_000]);
  });
});

describe("the place a player is to take", () => {
  const element = { readyState: 4, seeking: false, currentTime: 0 };

  it("waits for an element that has nothing yet, which would forget where it was sent", () => {
    const seat = new Seat(0);

    expect(seat.seek({ ...element, readyState: 0 }, 50)).toBeNull();
    expect(seat.isTaken).toBe(false);
    expect(seat.seek({ ...element, readyState: 1 }, 50)).toBe(50);
  });

  it("is sought again when the seek got lost, and believed only when it is taken", () => {
    const seat = new Seat(0);

    expect(seat.seek(element, 50)).toBe(50);
    expect(seat.seek({ ...element, seeking: true }, 50)).toBeNull();
    // A new source: it stands at its beginning again.
    expect(seat.seek(element, 50)).toBe(50);
    expect(seat.shows(0, element)).toBe(false);
    expect(seat.seek({ ...element, currentTime: 50 }, 50)).toBeNull();
    expect(seat.isTaken).toBe(true);
    expect(seat.seek({ ...element, currentTime: 90 }, 50)).toBeNull();
  });

  it("is not taken before there is a picture of it", () => {
    const seat = new Seat(0);
    seat.seek(element, 50);
    seat.seek({ readyState: 1, seeking: false, currentTime: 50 }, 50);

    expect(seat.isTaken).toBe(false);
  });

  it("ends beside a hole that the player steps over, but not far off", () => {
    const seat = new Seat(0);
    for (let n = 0; n < 5; n++) expect(seat.seek({ ...element, currentTime: 50.4 }, 50)).toBe(50);

    expect(seat.seek({ ...element, currentTime: 20 }, 50)).toBe(50);
    expect(seat.seek({ ...element, currentTime: 50.4 }, 50)).toBeNull();
    expect(seat.isTaken).toBe(true);
  });

  it("does not take a frame of before the seek for one of after it", () => {
    const seat = new Seat(0);
    seat.seek({ ...element, currentTime: 50 }, 50);
    const playing = { ...element, currentTime: 58 };

    expect([2, 49.5, 57, 58.04, 300].map((frame) => seat.shows(frame, playing))).toEqual([false, true, true, true, false]);
    expect(seat.shows(57, { ...playing, seeking: true })).toBe(false);
  });
});

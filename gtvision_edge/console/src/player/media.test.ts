import { describe, expect, it } from "vitest";
import { decodeTimeOf, Timeline, videoTrackOf } from "./fmp4";
import { advise, STEADY, type Pace } from "./pace";
import { Turns } from "./turns";

function box(type: string, ...content: (number[] | Uint8Array)[]): Uint8Array {
  const body = content.flatMap((part) => [...part]);
  const size = body.length + 8;
  return Uint8Array.from([size >>> 24, (size >> 16) & 255, (size >> 8) & 255, size & 255, ...[...type].map((letter) => letter.charCodeAt(0)), ...body]);
}
const u32 = (value: number): number[] => [(value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
const letters = (word: string): number[] => [...word].map((letter) => letter.charCodeAt(0));

function trak(id: number, handler: string, timescale: number): Uint8Array {
  const tkhd = box("tkhd", u32(0), u32(0), u32(0), u32(id));
  const mdhd = box("mdhd", u32(0), u32(0), u32(0), u32(timescale), u32(0));
  const hdlr = box("hdlr", u32(0), u32(0), letters(handler));
  return box("trak", tkhd, box("mdia", mdhd, hdlr));
}

const INIT = Uint8Array.from([
  ...box("ftyp", letters("isom")),
  ...box("moov", trak(1, "soun", 48_000), trak(2, "vide", 90_000)),
]);

describe("fragmented MP4", () => {
  it("finds the video track among others", () => {
    expect(videoTrackOf(INIT)).toEqual({ id: 2, timescale: 90_000 });
  });

  it("reads where the video of a fragment begins, in both sizes of the field", () => {
    const traf = (id: number, tfdt: Uint8Array) => box("traf", box("tfhd", u32(0), u32(id)), tfdt);
    const short = box("moof", traf(1, box("tfdt", u32(0), u32(48_000))), traf(2, box("tfdt", u32(0), u32(180_000))));
    const long = box("moof", traf(2, box("tfdt", u32(0x01000000), u32(1), u32(0))));

    expect(decodeTimeOf(short, { id: 2, timescale: 90_000 })).toBe(2);
    expect(decodeTimeOf(long, { id: 2, timescale: 90_000 })).toBeCloseTo(2 ** 32 / 90_000);
  });

  it("says nothing about bytes that make no sense", () => {
    expect(videoTrackOf(Uint8Array.from([0, 0, 0, 200, 1, 2, 3, 4]))).toBeNull();
    expect(decodeTimeOf(new Uint8Array(3), { id: 1, timescale: 1 })).toBeNull();
  });

  it("dates the picture on display from the fragment it lies in", () => {
    const timeline = new Timeline();
    timeline.mark(10, 1_000_000);
    timeline.mark(10.5, 1_000_700);

    expect(timeline.momentAt(9)).toBeNull();
    expect(timeline.momentAt(10.25)).toBe(1_000_250);
    expect(timeline.momentAt(10.75)).toBe(1_000_950);
  });
});

describe("the pace", () => {
  it("hurries a little when behind and jumps when far behind", () => {
    expect(advise(STEADY, 0.6, false).pace.rate).toBe(1);
    expect(advise(STEADY, 1.5, false).pace.rate).toBe(1.05);
    expect(advise(STEADY, 4, false).seekAheadS).toBeCloseTo(0.5, 1);
  });

  it("keeps more in hand after starving, up to a limit, and forgives slowly", () => {
    let pace: Pace = STEADY;
    for (let round = 0; round < 20; round += 1) pace = advise(pace, 0.1, true).pace;
    expect(pace.targetS).toBe(2);

    for (let round = 0; round < 2_000; round += 1) pace = advise(pace, 1, false).pace;
    expect(pace.targetS).toBe(0.5);
  });
});

describe("turns", () => {
  it("lets only so many work at a time, in order, and skips who left", () => {
    const turns = new Turns(1);
    const began: string[] = [];
    const first = turns.take(() => began.push("first"));
    const second = turns.take(() => began.push("second"));
    turns.take(() => began.push("third"));

    expect(turns.isWanted).toBe(true);

    second();
    first();
    first();

    expect(began).toEqual(["first", "third"]);
    expect(turns.isWanted).toBe(false);
  });
});

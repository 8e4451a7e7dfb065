import { beforeEach, describe, expect, it, vi } from "vitest";
import { toasts } from "../../state/toasts";
import { investigateKeys } from "./acts";
import { inSight, markBeside, marksOf, nearest, type Mark } from "./marks";
import { opened, openReading, watchOpened } from "./opened";
import { chosen, goTo, lanes, playhead, select, selected, view } from "./store";
import { text } from "./words";

vi.stubGlobal("document", { querySelector: () => null });

const NOON = Date.parse("2026-11-25T15:00:00Z");
const at = (seconds: number, level: string | null = null): Mark => ({ startMs: NOON + seconds * 1000, endMs: NOON + seconds * 1000, id: `d${seconds}`, level });

describe("readings of a timeline", () => {
  it("are told one by one, or several together", () => {
    const told = [
      { start: "2026-11-25T15:00:00.250000+00:00", end: "2026-11-25T15:00:00.250000+00:00", detection_id: "d1", level: "critical" },
      { start: "2026-11-25T15:00:01+00:00", end: "2026-11-25T15:00:04+00:00", detection_id: null, level: null },
    ];

    expect(marksOf(told)).toEqual([
      { startMs: NOON + 250, endMs: NOON + 250, id: "d1", level: "critical" },
      { startMs: NOON + 1000, endMs: NOON + 4000, id: null, level: null },
    ]);
  });

  it("are drawn no denser than can be told apart, but every wanted one", () => {
    const shown = { startMs: NOON, endMs: NOON + 100_000 };
    const marks = [at(-1), at(0), at(0.5), at(1, "critical"), at(2.5), at(3), at(101)];

    expect(inSight(marks, shown, 100, 2).map(({ id }) => id)).toEqual(["d0", "d1", "d2.5"]);
    expect(inSight(marks, shown, 10_000, 2).map(({ id }) => id)).toEqual(["d0", "d0.5", "d1", "d2.5", "d3"]);
  });

  it("are gone through one after the other, from wherever one is", () => {
    const marks = [at(0), at(10), at(20)];

    expect(markBeside(marks, NOON + 5_000, 1)?.id).toBe("d10");
    expect(markBeside(marks, NOON + 10_000, 1)?.id).toBe("d20");
    expect(markBeside(marks, NOON + 10_000, -1)?.id).toBe("d0");
    expect(markBeside(marks, NOON, -1)).toBeNull();
    expect(markBeside(marks, NOON + 20_000, 1)).toBeNull();
    expect(nearest(marks, NOON + 16_000)?.id).toBe("d20");
    expect(nearest([], NOON)).toBeNull();
  });
});

describe("the keys N and P", () => {
  beforeEach(() => {
    toasts.value = [];
    opened.value = null;
    lanes.value = new Map([["gate", { cameraId: "gate", timeline: null, stretches: [], marks: [at(0), at(10, "critical")], asked: null, error: null }]]);
    chosen.value = ["gate"];
    select("gate");
    view.value = { startMs: NOON - 60_000, endMs: NOON + 60_000 };
    goTo(NOON - 1_000);
  });

  it("open the reading that comes, and the one before", () => {
    investigateKeys("n");
    investigateKeys("n");
    expect([playhead.value, opened.value?.mark.level]).toEqual([NOON + 10_000, "critical"]);

    investigateKeys("p");
    expect([playhead.value, opened.value?.mark.id]).toEqual([NOON, "d0"]);
  });

  it("say that there is none, and stay where they are", () => {
    investigateKeys("p");

    expect(playhead.value).toBe(NOON - 1_000);
    expect(toasts.value.at(-1)?.words).toBe(text.value.readingMarks.noneBefore);
  });

  it("are undone by Esc, which leaves the moment on display", () => {
    investigateKeys("n");

    expect(investigateKeys("Escape")).toBe(true);
    expect([opened.value, playhead.value]).toEqual([null, NOON]);
  });
});

describe("a reading that was opened", () => {
  it("takes its camera in hand, and goes when one has gone on from there", () => {
    chosen.value = ["yard", "gate"];
    selected.value = "yard";
    const stop = watchOpened();

    openReading("gate", at(0));
    expect([selected.value, opened.value?.cameraId]).toEqual(["gate", "gate"]);
    goTo(NOON + 10_000);
    expect(opened.value).not.toBeNull();
    goTo(NOON + 16_000);
    expect(opened.value).toBeNull();
    stop();
  });
});

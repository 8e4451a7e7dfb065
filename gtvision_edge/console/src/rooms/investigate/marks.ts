/** Plate readings on a lane: pure functions, times in milliseconds. */
import { placeOf, type View } from "./scale";
import type { TimelineReading } from "./types";

/** One reading, or several that are too near to one another to be told apart from so far off (`id` null). */
export interface Mark {
  startMs: number;
  endMs: number;
  id: string | null;
  /** How urgent its alert was; null: nobody wanted the plate. */
  level: string | null;
}

/** So near to a reading we are at it: the next one is another. */
const NEAR_MS = 50;

export function marksOf(readings: readonly TimelineReading[]): Mark[] {
  return readings.map(({ start, end, detection_id: id, level }) => ({ startMs: Date.parse(start), endMs: Date.parse(end), id, level }));
}

/** Those in sight, at most one in *leastPx* of *widthPx*; wanted plates all, since they are few and matter. */
export function inSight(marks: readonly Mark[], view: View, widthPx: number, leastPx = 3): Mark[] {
  let lastPx = -Infinity;
  return marks.filter((mark) => {
    if (mark.startMs < view.startMs || mark.startMs > view.endMs) return false;
    if (mark.level !== null) return true;
    const px = placeOf(view, mark.startMs) * widthPx;
    if (px - lastPx < leastPx) return false;
    lastPx = px;
    return true;
  });
}

/** The reading before (-1) or after (1) *ms*; null when none is known there. */
export function markBeside(marks: readonly Mark[], ms: number, direction: 1 | -1): Mark | null {
  return direction === 1 ? (marks.find(({ startMs }) => startMs > ms + NEAR_MS) ?? null) : (marks.filter(({ startMs }) => startMs < ms - NEAR_MS).at(-1) ?? null);
}

/** The one of *marks* that is nearest to *ms*: the one that the keyboard reaches first. */
export function nearest(marks: readonly Mark[], ms: number): Mark | null {
  let best: Mark | null = null;
  for (const mark of marks) if (best === null || Math.abs(mark.startMs - ms) < Math.abs(best.startMs - ms)) best = mark;
  return best;
}

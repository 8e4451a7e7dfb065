/** The time axis of the lanes, as pure functions. All times in UTC milliseconds. */

export interface View {
  startMs: number;
  endMs: number;
}

export const SHORTEST_MS = 10_000;
export const LONGEST_MS = 31 * 86_400_000;

export function lengthOf(view: View): number {
  return view.endMs - view.startMs;
}

/** Where *ms* lies in the view: 0 at its left edge, 1 at its right. */
export function placeOf(view: View, ms: number): number {
  return (ms - view.startMs) / lengthOf(view);
}

export function timeAt(view: View, place: number): number {
  return view.startMs + place * lengthOf(view);
}

/** Show *factor* times as much; what lies at *place* stays there. */
export function zoom(view: View, factor: number, place: number): View {
  const length = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, lengthOf(view) * factor));
  const startMs = timeAt(view, place) - place * length;
  return { startMs, endMs: startMs + length };
}

export function pan(view: View, byMs: number): View {
  return { startMs: view.startMs + byMs, endMs: view.endMs + byMs };
}

/** What two fingers make of *view*: what was under each at *from* is under it at *to*, both as places from 0 to 1. */
export function pinch(view: View, from: readonly [number, number], to: readonly [number, number]): View {
  const between = to[1] - to[0];
  const factor = Math.abs(between) < 0.01 ? 1 : Math.abs((from[1] - from[0]) / between);
  const middle = (from[0] + from[1]) / 2;
  const closer = zoom(view, factor, middle);
  return pan(closer, (middle - (to[0] + to[1]) / 2) * lengthOf(closer));
}

/** The same length about *ms*. */
export function centre(view: View, ms: number, lengthMs = lengthOf(view)): View {
  return { startMs: ms - lengthMs / 2, endMs: ms + lengthMs / 2 };
}

const STEPS_S = [1, 2, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800];

/** Times to write under the lanes, at most one per *everyPx*; round in the zone that is *offsetMs* ahead of UTC. */
export function ticksOf(view: View, widthPx: number, offsetMs: number, everyPx = 110): number[] {
  const most = Math.max(1, Math.floor(widthPx / everyPx));
  const stepMs = (STEPS_S.find((step) => lengthOf(view) / (step * 1000) <= most) ?? 604_800) * 1000;
  const ticks: number[] = [];
  for (let at = Math.ceil((view.startMs + offsetMs) / stepMs) * stepMs - offsetMs; at <= view.endMs; at += stepMs) ticks.push(at);
  return ticks;
}

/** The moment on the grid of thumbnails at or before *ms*, so that near pointers ask for the same picture. */
export function snap(ms: number, gridMs: number): number {
  return Math.floor(ms / gridMs) * gridMs;
}

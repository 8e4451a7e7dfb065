import { effect, untracked } from "@preact/signals";
import { route } from "../../state/route";
import { chosen, goTo, jump, laneOf, lanes, openRoom, playhead, type Lane } from "./store";

/** How far before the end of what was recorded last. */
const BACK_MS = 60_000;
/** The same where the piece that ends there is out of sight, and may be short. */
const SHORT_BACK_MS = 10_000;

/** Where to begin instead of *wantedMs*, of which no lane has footage; null: there is some, or none anywhere. */
export function newestInstead(known: readonly Pick<Lane, "timeline" | "stretches">[], wantedMs: number): number | null {
  if (known.some(({ stretches }) => stretches.some(({ startMs, endMs }) => startMs <= wantedMs && wantedMs < endMs))) return null;
  let newest: { endMs: number; atMs: number } | null = null;
  for (const { timeline, stretches } of known) {
    if (timeline?.last == null) continue;
    const endMs = Date.parse(timeline.last);
    const piece = stretches.at(-1);
    const atMs = piece !== undefined && piece.endMs >= endMs - 1 ? Math.max(piece.startMs, piece.endMs - BACK_MS) : Math.max(Date.parse(timeline.first ?? timeline.last), endMs - SHORT_BACK_MS);
    if (newest === null || endMs > newest.endMs) newest = { endMs, atMs };
  }
  return newest?.atMs ?? null;
}

/**
 * Open the room as its address says. Without a moment in it: a minute ago, or where there is nothing of then, at the
 * newest footage; whoever moves before that is known stays where they went.
 *
 * Returns what ends the waiting.
 */
export function openAtFootage(): () => void {
  openRoom();
  if (Number.isFinite(Date.parse(route.peek().query.get("t") ?? ""))) return () => {};
  // What was read at an earlier visit knows nothing of the last minute.
  lanes.value = new Map();
  const opened = jump.peek();
  let isDone = false;
  const stop = effect(() => {
    const known = chosen.value.map(laneOf);
    if (isDone || jump.value !== opened) return;
    if (known.length === 0 || known.some(({ timeline }) => timeline === null)) return;
    isDone = true;
    untracked(() => {
      const at = newestInstead(known, playhead.peek());
      if (at !== null) goTo(at);
    });
  });
  return stop;
}

/** How a tile speaks about the age of its picture. All times in milliseconds. */

export type Phase = "starting" | "live" | "late" | "recovering" | "lost" | "unplayable";

export const LATE_AFTER_MS = 3_000;
export const RECOVERING_AFTER_MS = 5_000;
export const LOST_AFTER_MS = 60_000;

/** Segments are made whole before HLS can offer them, so its pictures are older without being in trouble. */
export const HLS_NORMAL_DELAY_MS = 10_000;

export interface Sight {
  /** When the picture last changed, or when the tile began if it never had one. */
  movedAt: number;
  hasPicture: boolean;
  /** Age of the displayed picture by its own time stamp; null when it has none. */
  delayMs: number | null;
  transport: "webrtc" | "ws" | "hls";
}

/** Name the rung of the ladder. */
export function phaseAt(sight: Sight, now: number): Phase {
  const stillFor = now - sight.movedAt;
  // A picture ages while it stands still: its own time counts, not when this browser came to show it.
  const age = (sight.delayMs ?? 0) + stillFor;
  if (stillFor >= LOST_AFTER_MS || (sight.hasPicture && age >= LOST_AFTER_MS)) return "lost";
  if (!sight.hasPicture) return stillFor >= RECOVERING_AFTER_MS * 2 ? "recovering" : "starting";
  const normal = sight.transport === "hls" ? HLS_NORMAL_DELAY_MS : 0;
  if (stillFor >= RECOVERING_AFTER_MS || age - normal >= RECOVERING_AFTER_MS) return "recovering";
  // Without a time of its own nothing can be said of a picture but that it stands still.
  return sight.delayMs !== null && age >= LATE_AFTER_MS ? "late" : "live";
}

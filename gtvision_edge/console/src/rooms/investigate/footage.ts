/** What there is of a camera, and how its media time maps to the wall clock. Pure functions, times in milliseconds. */

export interface Stretch {
  startMs: number;
  endMs: number;
}

/** A piece of a playlist: where it lies in the media and on the wall clock. */
export interface Piece {
  mediaS: number;
  lengthS: number;
  wallMs: number;
}

/** Stamps of a camera and the wall differ a little; so much past its end still belongs to a piece. */
const SLACK_MS = 400;

/** Where in the media *wallMs* is; null when it was not recorded. */
export function mediaAt(pieces: readonly Piece[], wallMs: number): number | null {
  let low = 0;
  let high = pieces.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((pieces[middle] as Piece).wallMs <= wallMs) low = middle;
    else high = middle - 1;
  }
  const piece = pieces[low];
  if (piece === undefined || wallMs < piece.wallMs - SLACK_MS) return null;
  const intoS = Math.max(0, (wallMs - piece.wallMs) / 1000);
  if (intoS > piece.lengthS + SLACK_MS / 1000) return null;
  return piece.mediaS + Math.min(intoS, Math.max(0, piece.lengthS - 0.01));
}

/** Which moment is on display at *mediaS*. */
export function wallAt(pieces: readonly Piece[], mediaS: number): number | null {
  let found: Piece | null = null;
  for (const piece of pieces) {
    if (piece.mediaS > mediaS + 0.001) break;
    found = piece;
  }
  return found === null ? null : found.wallMs + Math.min(mediaS - found.mediaS, found.lengthS) * 1000;
}

/** The clock of what is played leaps by more than this where nothing was recorded. */
export const LEAP_MS = 1_500;

/** The first frame after a hole may be stamped a hair before its piece begins. */
const ROUNDED_MS = 20;

/** The first stretch between the two moments that *pieces* leave out; null when there is none worth telling. */
export function holeBetween(pieces: readonly Piece[], fromMs: number, toMs: number): Stretch | null {
  for (const [at, piece] of pieces.entries()) {
    const next = pieces[at + 1];
    if (next === undefined || piece.wallMs > toMs) break;
    const endMs = piece.wallMs + piece.lengthS * 1000;
    if (next.wallMs - endMs > LEAP_MS && next.wallMs > fromMs + ROUNDED_MS && next.wallMs <= toMs + ROUNDED_MS) return { startMs: endMs, endMs: next.wallMs };
  }
  return null;
}

/** The first moment at or after *ms* of which any of *lanes* has footage; null when there is none later. */
export function nextFootage(lanes: readonly (readonly Stretch[])[], ms: number): number | null {
  let best: number | null = null;
  for (const lane of lanes) {
    for (const stretch of lane) {
      if (stretch.endMs <= ms) continue;
      const at = Math.max(stretch.startMs, ms);
      if (best === null || at < best) best = at;
      break;
    }
  }
  return best;
}

/** The edge of a gap before (-1) or after (1) *ms*: where footage begins again. */
export function gapEdge(lane: readonly Stretch[], ms: number, direction: 1 | -1): number | null {
  const starts = lane.map((stretch) => stretch.startMs);
  return direction === 1 ? (starts.find((start) => start > ms + 1000) ?? null) : (starts.filter((start) => start < ms - 1000).at(-1) ?? null);
}

/** How much of [start, end) is missing in *lane*, and in how many pieces; what is shorter than a second is none. */
export function missingIn(lane: readonly Stretch[], startMs: number, endMs: number): { ms: number; pieces: number } {
  let reached = startMs;
  let ms = 0;
  let pieces = 0;
  const note = (until: number): void => {
    if (until - reached < 1500) return;
    ms += until - reached;
    pieces += 1;
  };
  for (const stretch of lane) {
    if (stretch.endMs <= startMs) continue;
    if (stretch.startMs >= endMs) break;
    if (stretch.startMs > reached) note(stretch.startMs);
    reached = Math.max(reached, stretch.endMs);
  }
  if (reached < endMs) note(endMs);
  return { ms, pieces };
}

/** How fast to play so that the picture stays near the live edge without starving. Seconds. */

export const JUMP_BEHIND_S = 3;
const FAST = 1.05;
const LEAST_TARGET_S = 0.5;
const MOST_TARGET_S = 2;

export interface Pace {
  /** How much buffer to keep ahead; grows each time the player starved, shrinks slowly when it did not. */
  targetS: number;
  rate: number;
}

export const STEADY: Pace = { targetS: LEAST_TARGET_S, rate: 1 };

export interface Advice {
  pace: Pace;
  /** Seek so that this much stays ahead; null: no seek. */
  seekAheadS: number | null;
}

/** Decide from the buffer *aheadS* of the picture and whether the player starved since the last call. */
export function advise(pace: Pace, aheadS: number, hasStarved: boolean): Advice {
  const targetS = hasStarved
    ? Math.min(MOST_TARGET_S, pace.targetS + 0.25)
    : Math.max(LEAST_TARGET_S, pace.targetS - 0.002);
  if (aheadS > JUMP_BEHIND_S + targetS) return { pace: { targetS, rate: 1 }, seekAheadS: targetS };
  const isFast = pace.rate > 1;
  // Two thresholds, so that the rate does not flutter.
  const rate = aheadS > targetS + (isFast ? 0.15 : 0.6) ? FAST : 1;
  return { pace: { targetS, rate }, seekAheadS: null };
}

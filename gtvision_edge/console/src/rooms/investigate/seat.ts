/** What of a video element tells where it is; a real one fits. */
export interface Position {
  readonly readyState: number;
  readonly seeking: boolean;
  readonly currentTime: number;
}

/** Nearer than this to where it was sent, an element is there. */
export const STILL_S = 0.06;
/** A player steps over a small hole by itself: after some tries so far off is there, too. */
const NUDGED_S = 1;
const TRIES = 5;
/** A frame is on display until the next one: how long, at one picture a second. */
const FRAME_S = 1.1;

/**
 * The place that a video element is to take.
 *
 * A seek may be lost: an element without metadata forgets it, one that is given a new source begins at its start. So a place
 * is wanted, then sought, and sought again until the element stands there; only then is it taken and what it shows believed.
 */
export class Seat {
  #state: "wanted" | "sought" | "taken" = "wanted";
  #tries = 0;
  #targetS = 0;

  constructor(readonly wallMs: number) {}

  get isTaken(): boolean {
    return this.#state === "taken";
  }

  /** Where to send *element* so that it gets to *targetS* of its media; null: leave it alone for now. */
  seek(element: Position, targetS: number): number | null {
    if (this.isTaken || element.readyState < 1 || element.seeking) return null;
    const off = Math.abs(element.currentTime - targetS);
    if (off <= (this.#tries < TRIES ? STILL_S : NUDGED_S)) {
      this.#targetS = targetS;
      if (element.readyState >= 2) this.#state = "taken";
      return null;
    }
    this.#state = "sought";
    this.#tries += 1;
    return targetS;
  }

  /** Whether a frame that is said to be on display at *frameS* can be one of those after the seek. */
  shows(frameS: number, element: Position): boolean {
    return this.isTaken && !element.seeking && frameS >= this.#targetS - FRAME_S && frameS <= element.currentTime + FRAME_S;
  }
}

import { siteClock } from "../../state/clock";
import { hashOf } from "../../state/route";

const BACK_MS = 60_000;

/** Where the recording of *cameraId* is looked at, from a minute ago on. */
export function reviewHash(cameraId: string, nowMs = siteClock.now()): string {
  const t = new Date(Math.floor((nowMs - BACK_MS) / 1000) * 1000).toISOString().replace(".000Z", "Z");
  return hashOf("investigate", null, { c: cameraId, t });
}

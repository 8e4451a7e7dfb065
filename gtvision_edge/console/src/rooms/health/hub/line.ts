import type { UplinkStatus } from "../../../api/lines";
import type { Finding } from "../../../api/types";
import { toneOf, type LineTone } from "../lines/tone";

const TROUBLES: ReadonlySet<UplinkStatus["state"]> = new Set(["unreachable", "refused", "blocked", "stalled", "not_taking"]);

/** So many messages are on their way on a good day, too. */
const ON_THE_WAY = 100;

export function lineTone(line: UplinkStatus, findings: readonly Finding[]): LineTone {
  return toneOf(TROUBLES.has(line.state), "hub_far_behind", findings);
}

/** What the top bar says: the state where it is bad, else what waits where that is worth a word; null where there is no hub. */
export function lineWord(line: UplinkStatus): { state: UplinkStatus["state"] } | { waiting: number } | null {
  if (line.state === "off") return null;
  if (!TROUBLES.has(line.state) && line.waiting > ON_THE_WAY) return { waiting: line.waiting };
  return { state: line.state };
}

/** How long it will take at this pace, in seconds; null where it does not drain or takes no time. */
export function secondsLeft(line: UplinkStatus): number | null {
  if (line.state !== "up" || line.waiting <= ON_THE_WAY || line.rate < 0.1) return null;
  return line.waiting / line.rate;
}

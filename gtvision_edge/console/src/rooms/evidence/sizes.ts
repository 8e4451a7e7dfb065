import type { Incident } from "../../api/evidence";

/** Papers, manifest and the zip's own table; the daemon reckons with as much. */
const PAPERS_BYTES = 8 * 2 ** 20;

/** How much of an incident's footage lies in [startMs, endMs), and how large that is. */
export function footageWithin(incident: Incident, cameraUuids: readonly string[], startMs: number, endMs: number): { bytes: number; recordedS: number } {
  const [from, until] = [Date.parse(incident.start), Date.parse(incident.end)];
  let bytes = 0;
  let recordedS = 0;
  for (const camera of incident.footage.per_camera) {
    if (!cameraUuids.includes(camera.camera_uuid) || camera.recorded_s === 0) continue;
    const isWhole = startMs <= from && endMs >= until;
    const seconds = isWhole ? camera.recorded_s : recordedWithin(camera.gaps, Math.max(from, startMs), Math.min(until, endMs), Date.parse(incident.start) + spanMs(camera));
    recordedS += seconds;
    bytes += isWhole ? camera.bytes : camera.bytes * Math.min(1, seconds / camera.recorded_s);
  }
  return { bytes: Math.round(bytes), recordedS };
}

/** How far what is known of a camera reaches: recorded or missing; what is yet to come is neither. */
function spanMs({ recorded_s: recordedS, gaps }: Incident["footage"]["per_camera"][number]): number {
  return recordedS * 1000 + gaps.reduce((sum, gap) => sum + Date.parse(gap.end) - Date.parse(gap.start), 0);
}

function recordedWithin(gaps: readonly { start: string; end: string }[], startMs: number, endMs: number, knownUntilMs: number): number {
  const until = Math.min(endMs, knownUntilMs);
  const missing = gaps.reduce((sum, gap) => sum + Math.max(0, Math.min(until, Date.parse(gap.end)) - Math.max(startMs, Date.parse(gap.start))), 0);
  return Math.max(0, until - startMs - missing) / 1000;
}

/** How large a bundle of so much footage gets at most: it holds the originals and a copy to watch. */
export function bundleBytes(footageBytes: number): number {
  return 2 * footageBytes + PAPERS_BYTES;
}

/** "2026-11-24T22:27:10" of a moment in a field for date and time, as its zone has it. */
export function fieldOf(wall: { year: number; month: number; day: number; hour: number; minute: number; second: number }): string {
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${wall.year}-${two(wall.month)}-${two(wall.day)}T${two(wall.hour)}:${two(wall.minute)}:${two(wall.second)}`;
}

const FIELD = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d))?/;

export function wallOfField(field: string): { year: number; month: number; day: number; hour: number; minute: number; second: number } | null {
  const found = FIELD.exec(field);
  if (found === null) return null;
  const [year, month, day, hour, minute, second] = found.slice(1).map((part) => Number(part ?? 0)) as [number, number, number, number, number, number];
  return { year, month, day, hour, minute, second: second || 0 };
}

/** What entries of the audit log about plates say: which plate, what for, of which time and of which cameras. */
import type { AuditEntry } from "../../api/types";
import { text } from "../../i18n";
import { dateOf, dateTimeOf, rangeOf } from "../../i18n/format";

const FAMILIES = ["plates.", "watch.", "alert."];
const CAMERA = "camera:";
/** A search without an end is written down with one in a far century. */
const ENDLESS_US = 4_102_444_800_000_000;

export interface PlateAct {
  /** As it was looked for, with its ? and *; "" where the act is about no single plate. */
  plate: string;
  /** The person's own words: purpose of a search, reason to watch, remark to an alert. */
  why: { label: string; words: string } | null;
  /** What else there is to say, each with its name. */
  rest: [label: string, words: string][];
}

/** What *entry* says about plates; null for acts that are about something else. *nameOf* tells a camera's name by its id. */
export function plateActOf(entry: AuditEntry, zone: string, nameOf: (cameraId: string) => string): PlateAct | null {
  if (!FAMILIES.some((family) => entry.action.startsWith(family))) return null;
  if (entry.action === "plates.searched" || entry.action === "plates.exported") return searchOf(entry, zone, nameOf);
  const t = text.value.plateActs;
  const { details } = entry;
  if (entry.action === "watch.imported") {
    const [added, changed, unchanged] = [details.added, details.changed, details.unchanged].map((count) => Number(count ?? 0)) as [number, number, number];
    return { plate: "", why: null, rest: [[text.value.watchImport.table, text.value.watchImport.taken(added, changed, unchanged)]] };
  }
  if (entry.action.startsWith("watch.")) {
    const rest: PlateAct["rest"] = [];
    if (words(details.level) !== "") rest.push([t.level, text.value.plates.watch.levels[words(details.level)] ?? words(details.level)]);
    if ("expires_us" in details) rest.push([t.expires, typeof details.expires_us === "number" ? dateOf(details.expires_us / 1000 - 1, zone) : t.forever]);
    return { plate: words(details.plate), why: whyOf(t.reason, details.reason, details), rest };
  }
  if (entry.action.startsWith("alert.")) {
    const camera = words(details.camera_id);
    return { plate: "", why: whyOf(t.note, details.note, details), rest: camera === "" ? [] : [[t.camera, nameOf(camera)]] };
  }
  return { plate: "", why: null, rest: takenAway(details, zone) };
}

function searchOf({ subject, details }: AuditEntry, zone: string, nameOf: (cameraId: string) => string): PlateAct {
  const t = text.value.plateActs;
  return {
    plate: isSealed(details) ? "" : words(details.plate) || t.everyPlate,
    why: whyOf(t.purpose, details.purpose, details),
    rest: [
      [t.period, periodOf(details.start_us, details.end_us, zone)],
      [t.camera, subject.startsWith(CAMERA) ? nameOf(subject.slice(CAMERA.length)) : t.everyCamera],
    ],
  };
}

/** What the box did by itself: how many readings, of which time. */
function takenAway(details: AuditEntry["details"], zone: string): PlateAct["rest"] {
  const t = text.value.plateActs;
  const rest: PlateAct["rest"] = [];
  if (typeof details.readings === "number") rest.push([t.readings, String(details.readings)]);
  if (typeof details.until_us === "number") rest.push([t.period, periodOf(details.from_us, details.until_us, zone)]);
  if (words(details.reason) !== "") rest.push([t.why, t.reasons[words(details.reason)] ?? words(details.reason)]);
  return rest;
}

function periodOf(startUs: unknown, endUs: unknown, zone: string): string {
  const t = text.value.plateActs;
  const start = typeof startUs === "number" && startUs > 0 ? startUs / 1000 : null;
  const end = typeof endUs === "number" && endUs < ENDLESS_US ? endUs / 1000 : null;
  if (start !== null && end !== null) return rangeOf(start, end, zone);
  if (start !== null) return t.from(dateTimeOf(start, zone));
  return end === null ? t.everyTime : t.until(dateTimeOf(end, zone));
}

/** Whether the words of an entry do not open any more. */
function isSealed(details: AuditEntry["details"]): boolean {
  return typeof details.sealed === "string";
}

function whyOf(label: string, value: unknown, details: AuditEntry["details"]): PlateAct["why"] {
  if (isSealed(details)) return { label, words: text.value.plateActs.sealed };
  return words(value) === "" ? null : { label, words: words(value) };
}

function words(value: unknown): string {
  return typeof value === "string" ? value.trim() : "";
}

/** The same as cells of a table: plate, why, the rest. */
export function plateCellsOf(act: PlateAct | null): [plate: string, why: string, rest: string] {
  if (act === null) return ["", "", ""];
  return [act.plate, act.why?.words ?? "", act.rest.map(([label, value]) => `${label}: ${value}`).join("; ")];
}

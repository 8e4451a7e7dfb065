/** A person who scrubs through footage makes dozens of entries: those of one sitting are shown as one, and all of them are there. */
import type { AuditEntry } from "../../api/types";
import { camerasOf, footageOf, type Footage } from "./trail";

/** Between two looks of one sitting lies less than this. */
const PAUSE_MS = 15 * 60_000;

export type Look = "live" | "recorded";

/** One entry, or all looks of one person at one camera in one sitting; newest first, never empty. */
export interface Sitting {
  look: Look | null;
  entries: readonly AuditEntry[];
}

function lookOf({ action }: AuditEntry): Look | null {
  if (action.startsWith("view.")) return "live";
  return action.startsWith("footage.view") ? "recorded" : null;
}

/** Gather *entries*, newest first; a sitting stands where its newest entry stood. */
export function gathered(entries: readonly AuditEntry[]): Sitting[] {
  const sittings: { look: Look | null; entries: AuditEntry[] }[] = [];
  const open = new Map<string, { look: Look | null; entries: AuditEntry[] }>();
  for (const entry of entries) {
    const look = lookOf(entry);
    const key = JSON.stringify([look, entry.actor.user_id, camerasOf(entry)]);
    const sitting = look === null ? undefined : open.get(key);
    const oldest = sitting?.entries.at(-1);
    if (sitting !== undefined && oldest !== undefined && Date.parse(oldest.at) - Date.parse(entry.at) < PAUSE_MS) {
      sitting.entries.push(entry);
      continue;
    }
    const begun = { look, entries: [entry] };
    sittings.push(begun);
    if (look !== null) open.set(key, begun);
  }
  return sittings;
}

/** Which footage *entries* speak of, in order, what overlaps or touches made one. */
export function footageOfAll(entries: readonly AuditEntry[]): Footage[] {
  const all = entries.flatMap(footageOf).sort((one, other) => Date.parse(one.start) - Date.parse(other.start));
  const joined: Footage[] = [];
  for (const each of all) {
    const last = joined.at(-1);
    if (last === undefined || Date.parse(each.start) > Date.parse(last.end)) joined.push({ ...each });
    else if (Date.parse(each.end) > Date.parse(last.end)) last.end = each.end;
  }
  return joined;
}

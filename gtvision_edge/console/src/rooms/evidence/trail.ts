/** Who viewed and exported what, and who searched for which plate: which part of the audit log is asked for, and how it leaves as a table. */
import type { AuditEntry } from "../../api/types";

export type TrailKind = "all" | "views" | "exports" | "plates";

export interface TrailFilter {
  kind: TrailKind;
  /** A user's id; "" = everybody. */
  person: string;
  /** A camera's id; "" = all. */
  camera: string;
  startMs: number | null;
  endMs: number | null;
}

const ACTS: Record<TrailKind, string> = {
  all: "view.,footage.viewed,footage.view_ended,export.,plates.,watch.,alert.",
  views: "view.,footage.viewed,footage.view_ended",
  exports: "export.",
  plates: "plates.,watch.,alert.",
};

export function trailPath(filter: TrailFilter, limit: number): string {
  const query = new URLSearchParams({ action: ACTS[filter.kind], limit: String(limit) });
  if (filter.person !== "") query.set("actor", filter.person);
  if (filter.camera !== "") query.set("camera", filter.camera);
  if (filter.startMs !== null) query.set("start", new Date(filter.startMs).toISOString());
  if (filter.endMs !== null) query.set("end", new Date(filter.endMs).toISOString());
  return `/audit?${query}`;
}

export interface Footage {
  start: string;
  end: string;
}

/** Of which footage an entry speaks; one that ends a viewing may name several stretches. */
export function footageOf({ details }: AuditEntry): Footage[] {
  const isFootage = (value: unknown): value is Footage =>
    typeof value === "object" && value !== null && typeof (value as Footage).start === "string" && typeof (value as Footage).end === "string";
  if (Array.isArray(details.played)) return details.played.filter(isFootage);
  // Live: what was seen is when it was seen.
  if (typeof details.started === "string" && typeof details.seconds === "number") {
    return [{ start: details.started, end: new Date(Date.parse(details.started) + details.seconds * 1000).toISOString() }];
  }
  return isFootage(details) ? [{ start: details.start, end: details.end }] : [];
}

/** The cameras an entry is about, by id. */
export function camerasOf({ subject, details }: AuditEntry): string[] {
  if (subject.startsWith("camera:")) return [subject.slice("camera:".length)];
  return Array.isArray(details.cameras) ? details.cameras.filter((each): each is string => typeof each === "string") : [];
}

/** Rows for a spreadsheet of these parts: semicolons, a mark of its encoding, and nothing that one takes for a formula. */
export function csvOf(rows: readonly (readonly string[])[]): string {
  const field = (value: string): string => {
    const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[";\n\r]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
  };
  return `\ufeff${rows.map((row) => row.map(field).join(";")).join("\r\n")}\r\n`;
}

/** What is looked for, and what that is on the wire. Nothing of it goes into the address bar: plates are personal data. */
import { midnightOf } from "../investigate/when";
import { searched } from "../../ui/plate";

export type RangeName = "today" | "week" | "month" | "span";

export interface Wanted {
  plate: string;
  purpose: string;
  camera: string;
  range: RangeName;
  /** Of range "span". */
  startMs: number | null;
  endMs: number | null;
}

export const SHORTEST_PURPOSE = 5;
const PAGE = 50;
const DAYS = { today: 0, week: -6, month: -29 } as const;

export function hasPurpose(purpose: string): boolean {
  return purpose.trim().length >= SHORTEST_PURPOSE;
}

/** Whether something was written that no plate can be found by: wildcards or signs alone. */
export function lacksCharacters(plate: string): boolean {
  return plate.trim() !== "" && !/[A-Z0-9]/.test(searched(plate));
}

/** From when until when; an open end is now and whatever comes. */
export function spanOf(wanted: Wanted, nowMs: number, zone: string): { startMs: number | null; endMs: number | null } {
  if (wanted.range === "span") return { startMs: wanted.startMs, endMs: wanted.endMs };
  return { startMs: midnightOf(nowMs, zone, DAYS[wanted.range]), endMs: null };
}

/** The query of a search; the purpose goes along only where it is needed. */
export function queryOf(wanted: Wanted, nowMs: number, zone: string): URLSearchParams {
  const query = new URLSearchParams();
  const { startMs, endMs } = spanOf(wanted, nowMs, zone);
  const plate = searched(wanted.plate);
  if (plate !== "") {
    query.set("placa", plate);
    query.set("purpose", wanted.purpose.trim());
  }
  if (wanted.camera !== "") query.set("camera", wanted.camera);
  if (startMs !== null) query.set("start", new Date(startMs).toISOString());
  if (endMs !== null) query.set("end", new Date(endMs).toISOString());
  return query;
}

export function searchPath(wanted: Wanted, nowMs: number, zone: string): string {
  const query = queryOf(wanted, nowMs, zone);
  query.set("limit", String(PAGE));
  return `/detections?${query.toString()}`;
}

/** A table is always taken away for something. */
export function csvAddress(wanted: Wanted, nowMs: number, zone: string): string {
  const query = queryOf(wanted, nowMs, zone);
  query.set("purpose", wanted.purpose.trim());
  return `/api/v1/detections.csv?${query.toString()}`;
}

/** The day of a passage, of one vehicle, for the purpose of the search. */
export function journeyPath(plate: string, purpose: string, atMs: number, zone: string): string {
  const query = new URLSearchParams({ placa: plate, purpose: purpose.trim(), limit: "100" });
  query.set("start", new Date(midnightOf(atMs, zone)).toISOString());
  query.set("end", new Date(midnightOf(atMs, zone, 1)).toISOString());
  return `/detections?${query.toString()}`;
}

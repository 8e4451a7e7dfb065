/** Small sentences that several parts of the room say. */
import type { Alert, Detection } from "../../api/plates";
import { text } from "../../i18n";
import { camerasById } from "../../state/site";
import { hashOf } from "../../state/route";
import { vehicleOf } from "../../ui/plate";
import type { Watch } from "../../api/plates";

/** The moment before a passage from which on its video is shown. */
const BEFORE_MS = 5_000;

export function cameraName(cameraId: string): string {
  const known = camerasById.value;
  return known.get(cameraId)?.name ?? (known.size === 0 ? cameraId : text.value.plates.goneCamera(cameraId));
}

/** "entrando" for a direction that is known, the camera's own word for another; null where it said none. */
export function directionOf(detection: Detection): string | null {
  const { direction } = detection.facts;
  if (typeof direction !== "string" || direction === "") return null;
  return text.value.plates.directions[direction.toLowerCase()] ?? direction;
}

export function placeOf(detection: Detection): string {
  const direction = directionOf(detection);
  return direction === null ? cameraName(detection.camera_id) : `${cameraName(detection.camera_id)}, ${direction}`;
}

/** "98 %", or a dash. */
export function confidenceOf(detection: Detection): string {
  return detection.confianca === null ? "—" : `${Math.round(detection.confianca * 100)} %`;
}

/** "Fiat, prata", of what the camera said; null where it said nothing. */
export function vehicleWords(detection: Detection): string | null {
  const vehicle = detection.facts.vehicle;
  if (typeof vehicle !== "object" || vehicle === null) return null;
  const { make, model, kind, color } = vehicle as Record<string, string | undefined>;
  return [make, model, kind, color].filter(Boolean).join(", ") || null;
}

/** Where the video of a passage is opened. */
export function videoHash(detection: Detection): string {
  const at = new Date(Math.floor((Date.parse(detection.timestamp) - BEFORE_MS) / 1000) * 1000).toISOString().replace(".000Z", "Z");
  return hashOf("investigate", null, { c: detection.camera_id, t: at });
}

export function pictureOf(detection: Detection, kind: "scene" | "plate"): string {
  return `/api/v1/detections/${encodeURIComponent(detection.detection_id)}/${kind}.jpg`;
}

export function alertHash(alert: Alert): string {
  return hashOf("plates", `alert/${alert.alert_id}`);
}

/** Entries of the list by vehicle and tenant; those that are over are left out. */
export function watchesByVehicle(watches: readonly Watch[]): ReadonlyMap<string, Watch> {
  return new Map(watches.filter((watch) => !watch.expired).map((watch): [string, Watch] => [keyOf(watch.placa, watch.tenant_id), watch]));
}

export function watchOf(watches: ReadonlyMap<string, Watch>, detection: Detection): Watch | null {
  return detection.placa === null ? null : (watches.get(keyOf(detection.placa, detection.tenant_id)) ?? null);
}

function keyOf(plate: string, tenantId: string): string {
  return `${tenantId} ${vehicleOf(plate)}`;
}

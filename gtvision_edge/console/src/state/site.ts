import { computed, signal } from "@preact/signals";
import type { Camera, SiteStatus, Vendor } from "../api/types";
import { nowMs, siteClock } from "./clock";
import { isOld } from "./freshness";
import { silentSince, troubleWith, watched } from "./link";
import { poll } from "./poll";
import { client } from "./session";

export const status = signal<SiteStatus | null>(null);
export const cameras = signal<Camera[] | null>(null);
export const vendors = signal<Vendor[]>([]);

export const zone = computed(() => status.value?.site.timezone ?? "America/Sao_Paulo");
/** The code of why the media server counts as down; null while it is up, or nothing is known of it. */
export const mediaTrouble = computed(() => mediaTroubleOf(status.value));

export function mediaTroubleOf(known: SiteStatus | null): string | null {
  return known?.media_server?.state === "down" ? (known.media_server.error ?? "media_server_unavailable") : null;
}

/** How many cameras record; null while the media server is down, for the cameras' states are from before then. */
export function recordingOf(known: SiteStatus): number | null {
  return mediaTroubleOf(known) === null ? known.cameras.recording : null;
}

export const camerasById = computed(() => new Map((cameras.value ?? []).map((camera) => [camera.camera_id, camera])));

/** When (ms, this browser's clock) each was read last. */
const readAt = { status: signal<number | null>(null), cameras: signal<number | null>(null) };

/** Since when *what* is no longer known to be so (ms, this browser's clock); null while it is current. */
function oldSince(what: keyof typeof readAt): number | null {
  const at = readAt[what].value;
  // Read for its tick: age grows without any answer.
  void nowMs.value;
  if (at === null) return null;
  return isOld(at, Date.now(), silentSince.value !== null || troubleWith(what) !== null) ? at : null;
}

export const statusOldSince = computed(() => oldSince("status"));
export const camerasOldSince = computed(() => oldSince("cameras"));

const POLL_MS = 4_000;

let newestAsked = 0;
let newestShown = 0;

export async function refreshStatus(): Promise<void> {
  const sent = Date.now();
  const answer = await watched("status", () => client.get<SiteStatus>("/status"));
  siteClock.observe(Date.parse(answer.site.now), sent, Date.now());
  readAt.status.value = Date.now();
  status.value = answer;
}

/** Read the cameras anew. An answer that arrives late never replaces a newer one. */
export async function refreshCameras(): Promise<void> {
  newestAsked += 1;
  const number = newestAsked;
  const list = await watched("cameras", () => client.all<Camera>("/cameras"));
  if (number < newestShown) return;
  newestShown = number;
  readAt.cameras.value = Date.now();
  cameras.value = list;
}

export async function loadVendors(): Promise<void> {
  if (vendors.value.length === 0) vendors.value = await client.all<Vendor>("/vendors");
}

/** Ask for everything again, now. */
export async function refreshSite(): Promise<void> {
  await Promise.allSettled([refreshStatus(), refreshCameras()]);
}

/** Keep status and cameras current until the returned function is called. */
export function watchSite(): () => void {
  const stops = [poll(refreshStatus, POLL_MS), poll(refreshCameras, POLL_MS)];
  return () => stops.forEach((stop) => stop());
}

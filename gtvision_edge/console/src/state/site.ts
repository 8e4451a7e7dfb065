import { computed, signal } from "@preact/signals";
import type { Camera, SiteStatus, Vendor } from "../api/types";
import { siteClock } from "./clock";
import { poll } from "./poll";
import { client } from "./session";

export const status = signal<SiteStatus | null>(null);
export const cameras = signal<Camera[] | null>(null);
export const vendors = signal<Vendor[]>([]);

export const zone = computed(() => status.value?.site.timezone ?? "America/Sao_Paulo");
export const camerasById = computed(() => new Map((cameras.value ?? []).map((camera) => [camera.camera_id, camera])));

const POLL_MS = 4_000;

let newestAsked = 0;
let newestShown = 0;

export async function refreshStatus(): Promise<void> {
  const sent = Date.now();
  const answer = await client.get<SiteStatus>("/status");
  siteClock.observe(Date.parse(answer.site.now), sent, Date.now());
  status.value = answer;
}

/** Read the cameras anew. An answer that arrives late never replaces a newer one. */
export async function refreshCameras(): Promise<void> {
  newestAsked += 1;
  const number = newestAsked;
  const list = await client.all<Camera>("/cameras");
  if (number < newestShown) return;
  newestShown = number;
  cameras.value = list;
}

export async function loadVendors(): Promise<void> {
  if (vendors.value.length === 0) vendors.value = await client.all<Vendor>("/vendors");
}

/** Keep status and cameras current until the returned function is called. */
export function watchSite(): () => void {
  const stops = [poll(refreshStatus, POLL_MS), poll(refreshCameras, POLL_MS)];
  return () => stops.forEach((stop) => stop());
}

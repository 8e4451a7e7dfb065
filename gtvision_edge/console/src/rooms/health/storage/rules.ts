/** How long footage is kept, while somebody edits it: what is typed, what is wrong with it, and what it changes. */
import type { Policies, PoliciesBody, WouldGo } from "../../../api/evidence";

const GB = 1e9;
const MOST_DAYS = 3650;

/** As typed; "" = as the rule above it, or none. */
export interface Draft {
  site: string;
  tenants: ReadonlyMap<string, { days: string; quota: string }>;
  /** By the camera's uuid. */
  cameras: ReadonlyMap<string, string>;
}

const daysField = (days: number | null | undefined): string => (days === null || days === undefined ? "" : String(days));
const quotaField = (bytes: number | null | undefined): string => (bytes === null || bytes === undefined ? "" : String(bytes / GB));

export function draftOf(policies: Policies, tenantIds: readonly string[], cameraUuids: readonly string[]): Draft {
  const tenants = new Map(policies.tenants.map((rule) => [rule.tenant_id, rule]));
  const cameras = new Map(policies.cameras.map((rule) => [rule.camera_uuid, rule]));
  return {
    site: daysField(policies.site.retain_days),
    tenants: new Map(tenantIds.map((id) => [id, { days: daysField(tenants.get(id)?.retain_days), quota: quotaField(tenants.get(id)?.quota_bytes) }])),
    cameras: new Map(cameraUuids.map((uuid) => [uuid, daysField(cameras.get(uuid)?.retain_days)])),
  };
}

/** null = as the rule above; undefined = no such number. */
export function parseDays(typed: string): number | null | undefined {
  const word = typed.trim();
  if (word === "") return null;
  return /^\d{1,4}$/.test(word) && Number(word) <= MOST_DAYS ? Number(word) : undefined;
}

/** Bytes; a comma is as good as a point. */
export function parseQuota(typed: string): number | null | undefined {
  const word = typed.trim();
  if (word === "") return null;
  if (!/^\d{1,9}([.,]\d{1,9})?$/.test(word)) return undefined;
  const bytes = Math.round(Number(word.replace(",", ".")) * GB);
  return bytes >= 1 ? bytes : undefined;
}

/** Only what differs from *before*; null = something typed is no number. */
export function changesOf(before: Draft, draft: Draft): PoliciesBody | null {
  const body: PoliciesBody = {};
  const site = parseDays(draft.site);
  if (site === undefined) return null;
  if (site !== parseDays(before.site)) body.site = { retain_days: site };
  for (const [tenantId, typed] of draft.tenants) {
    const [days, quota] = [parseDays(typed.days), parseQuota(typed.quota)];
    if (days === undefined || quota === undefined) return null;
    const was = before.tenants.get(tenantId);
    // Both go together: what is left out of a tenant's rule would be taken away.
    if (days !== parseDays(was?.days ?? "") || quota !== parseQuota(was?.quota ?? "")) (body.tenants ??= []).push({ tenant_id: tenantId, retain_days: days, quota_bytes: quota });
  }
  for (const [camera, typed] of draft.cameras) {
    const days = parseDays(typed);
    if (days === undefined) return null;
    if (days !== parseDays(before.cameras.get(camera) ?? "")) (body.cameras ??= []).push({ camera, retain_days: days });
  }
  return body;
}

export const changesNothing = (body: PoliciesBody): boolean => Object.keys(body).length === 0;

/** The names of the cameras that a deletion has come to so far, each once. */
export function camerasOfPurge({ cameras }: { cameras: readonly { name: string | null; camera_id: string | null }[] }): string[] {
  return [...new Set(cameras.map(({ name, camera_id: id }) => name ?? id).filter((name) => name !== null))];
}

/** *stored* as the rooms list their cameras; what they do not list, because it was removed, comes after them. */
export function inSiteOrder<T extends { camera_uuid: string }>(stored: readonly T[], listed: readonly { camera_uuid: string }[]): T[] {
  const places = new Map(listed.map(({ camera_uuid: uuid }, at) => [uuid, at]));
  const placeOf = ({ camera_uuid: uuid }: T): number => places.get(uuid) ?? listed.length;
  return [...stored].sort((one, other) => placeOf(one) - placeOf(other));
}

/** All that would go, in one sentence's worth. */
export function sumOf(wouldGo: readonly WouldGo[]): { segments: number; bytes: number; start: string | null; end: string | null } {
  const starts = wouldGo.map((each) => each.start).filter((each) => each !== null);
  const ends = wouldGo.map((each) => each.end).filter((each) => each !== null);
  const byTime = (one: string, other: string): number => Date.parse(one) - Date.parse(other);
  return {
    segments: wouldGo.reduce((sum, each) => sum + each.segments, 0),
    bytes: wouldGo.reduce((sum, each) => sum + each.bytes, 0),
    start: starts.sort(byTime)[0] ?? null,
    end: ends.sort(byTime).at(-1) ?? null,
  };
}

/** The wire shapes of incidents, exports, purges and storage. Times are RFC 3339 texts, ids are texts. */

export interface Person {
  user_id: string;
  name: string;
}

export interface Missing {
  start: string;
  end: string;
}

export interface CameraFootage {
  camera_id: string;
  camera_uuid: string;
  name: string;
  segments: number;
  bytes: number;
  recorded_s: number;
  gaps: Missing[];
  complete: boolean;
}

export interface HeldFootage {
  segments: number;
  bytes: number;
  recorded_s: number;
  complete: boolean;
  per_camera: CameraFootage[];
}

export interface Incident {
  incident_id: string;
  tenant_id: string;
  start: string;
  end: string;
  cameras: string[];
  reason: string;
  reference: string;
  review_at: string | null;
  state: "open" | "released";
  created_by: Person;
  created_at: string;
  released: { at: string; by: string; reason: string } | null;
  footage: HeldFootage;
  /** `no_footage`: nothing at all was recorded of what it keeps. */
  warnings?: string[];
}

export interface IncidentBody {
  cameras: string[];
  start: string;
  end: string;
  reason: string;
  reference?: string;
  review_at?: string;
}

export type ExportState = "queued" | "running" | "done" | "failed" | "cancelled" | "expired";

export interface LegalRequest {
  authority: string;
  reference: string;
  legal_basis: string;
  purpose: string;
}

export interface Export {
  export_id: string;
  package_id: string;
  incident_id: string;
  tenant_id: string;
  cameras: string[];
  start: string;
  end: string;
  request: LegalRequest;
  state: ExportState;
  step: string;
  progress: { done_bytes: number; total_bytes: number; eta_s: number | null };
  error: string | null;
  created_by: Person;
  created_at: string;
  finished_at: string | null;
  expires_at: string | null;
  bundle: { name: string; bytes: number; sha256: string } | null;
}

export interface ExportBody {
  incident_id: string;
  cameras?: string[];
  start?: string;
  end?: string;
  options: { gaps: "keep" | "collapse"; readings: boolean; snapshots: boolean };
  request: LegalRequest;
  operator_registration?: string;
}

export type PurgeKind = "age" | "quota" | "pressure" | "manual" | "camera_removed" | "incident_override";

export interface Purge {
  purge_id: string;
  kind: PurgeKind;
  tenant_id: string | null;
  started_at: string;
  finished_at: string | null;
  actor: Person;
  reason: string;
  segments: number;
  bytes: number;
  held_skipped: number;
  failures: number;
  root: string | null;
  unhashed: number;
  audit_seq: number | null;
}

export interface PurgedCamera {
  camera_id: string | null;
  camera_uuid: string | null;
  name: string | null;
  segments: number;
  bytes: number;
  start: string;
  end: string;
}

export interface PurgeDetail extends Purge {
  cameras: PurgedCamera[];
}

export interface SiteKeys {
  site_key: { name: string; fingerprint: string; openssh: string; allowed_signers: string };
}

export interface CameraStorage {
  camera_id: string;
  camera_uuid: string;
  name: string;
  tenant_id: string | null;
  bytes: number;
  held_bytes: number;
  segments: number;
  first: string | null;
  last: string | null;
  retain_days: number;
  rule: "site" | "tenant" | "camera";
  removed: boolean;
}

export interface StorageReport {
  volume: {
    root: string;
    total_bytes: number | null;
    used_bytes: number | null;
    free_bytes: number | null;
    recordings_bytes: number | null;
    short_of_room: boolean;
  };
  thresholds: { high_water: number; trip: number; high_water_free_bytes: number | null; reset_free_bytes: number | null; trip_free_bytes: number | null };
  breaker: { state: "closed" | "open" | "waiting"; since: string; reason: string | null };
  forecast: { bytes_per_day: number | null; holds_days: number | null; days_left: number | null };
  clock: { state: "trusted" | "suspect"; since: string; reason: string | null; synced: boolean | null };
  cameras: CameraStorage[];
  tenants: { tenant_id: string; bytes: number; quota_bytes: number | null; retain_days: number | null }[];
  held_bytes: number;
  /** Plate readings; null: no round since the start, none foreseen now. */
  readings: { keep_days: number; last_round: string | null; next_round: string | null };
}

export interface WouldGo {
  camera_id: string;
  camera_uuid: string;
  name: string;
  segments: number;
  bytes: number;
  start: string | null;
  end: string | null;
}

export interface Policies {
  site: { retain_days: number | null; default_days: number };
  tenants: { tenant_id: string; retain_days: number | null; quota_bytes: number | null }[];
  cameras: { camera_id: string; camera_uuid: string; retain_days: number | null }[];
  would_delete: WouldGo[] | null;
  over_quota: { tenant_id: string; bytes: number; cameras: WouldGo[] }[] | null;
  /** null for those of one tenant. */
  on_full: OnFull | null;
}

export type OnFullAction = "stop" | "release_oldest_incident";

export interface OnFull {
  action: OnFullAction;
  reason: string;
  by: string;
  at: string | null;
}

export interface PurgeBody {
  cameras: string[];
  after: string;
  before: string;
  reason: string;
  reference: string;
}

export interface PurgeOrder {
  /** One per tenant; none where nothing would be deleted. */
  purge_ids: string[];
  /** Of a trial run alone. */
  would_delete: WouldGo[] | null;
  /** What an order deletes. */
  deletes?: WouldGo[] | null;
  held: { camera_id: string; camera_uuid: string; name: string; segments: number; bytes: number; incidents: { incident_id: string; reason: string }[] }[];
  crossing: number;
}

export interface PoliciesBody {
  site?: { retain_days: number | null };
  tenants?: { tenant_id: string; retain_days: number | null; quota_bytes: number | null }[];
  cameras?: { camera: string; retain_days: number | null }[];
  on_full?: { action: OnFullAction; reason: string };
}

export type IntegrityVerdict = "running" | "good" | "mended" | "faults" | "broken_off";

export interface IntegrityReport {
  report_id: string;
  verdict: IntegrityVerdict;
  started_at: string;
  finished_at: string | null;
  deep: boolean;
  rows: number;
  files: number;
  hashed_files: number;
  unhashed_files?: number;
  findings: { kind: string; count: number; mended: number; examples: { camera_id: string | null; file: string | null; detail: string }[] }[];
}

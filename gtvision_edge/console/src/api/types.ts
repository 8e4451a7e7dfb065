/** The wire shapes of /api/v1. Times are RFC 3339 texts, ids are texts. */

import type { ArchiveStatus, UplinkStatus } from "./lines";

export type Role = "admin" | "operator" | "viewer" | "auditor";

export type CameraState =
  | "unknown"
  | "recording"
  | "online_not_recording"
  | "offline"
  | "unauthorized"
  | "disabled";

export type Layout = "1x1" | "2x2" | "3x3" | "4x4" | "1+5";

export interface List<T> {
  items: T[];
  next: string | null;
}

export interface Me {
  user_id: string;
  username: string;
  name: string;
  role: Role;
  tenant_id: string | null;
  tenant_name: string | null;
  camera_ids: string[] | null;
  locale: string;
  must_change_password: boolean;
}

export interface Session {
  access_token: string;
  token_type: "Bearer";
  expires_in: number;
  user: Me;
}

export interface Profile {
  codec: string;
  width: number;
  height: number;
  fps: number | null;
  keyframe_interval_s: number | null;
  keyframe_interval_is_minimum?: boolean;
  audio_codec: string | null;
  bitrate_bps: number | null;
}

/** A warning's facts lie beside its code. */
export interface Warning {
  code: string;
  severity?: "alarm" | "warning";
  [fact: string]: unknown;
}

export interface Place {
  latitude: number | null;
  longitude: number | null;
  bearing: number | null;
  label: string | null;
}

export interface StateEntry {
  state: CameraState;
  since: string;
  reason: string | null;
}

/** Why one of a camera's paths at the media server is not as it should be. */
export interface PathTrouble {
  path: "rec" | "live" | "ai";
  code: string;
  since: string;
}

export interface Camera {
  camera_id: string;
  camera_uuid: string;
  name: string;
  vendor: string;
  host: string;
  rtsp_port: number | null;
  http_port: number | null;
  onvif_port: number | null;
  channel: number | null;
  username: string | null;
  has_password: boolean;
  main_url: string | null;
  sub_url: string | null;
  tenant_id: string;
  place: Place | null;
  record: boolean;
  enabled: boolean;
  profiles: { main: Profile | null; sub: Profile | null };
  warnings: Warning[];
  state: StateEntry;
  paths: { rec: string; live: string; ai: string };
  path_troubles?: PathTrouble[];
  created_at: string;
  updated_at: string;
}

export interface CameraStatus extends StateEntry {
  history: StateEntry[];
  media: {
    available: boolean | null;
    receiving: boolean | null;
    recording: boolean | null;
    inbound_bytes: number | null;
  } | null;
  path_troubles?: PathTrouble[];
}

export interface Vendor {
  key: string;
  label: string;
  rtsp_port: number | null;
  http_port: number | null;
  onvif_port: number | null;
  needs_url: boolean;
  has_channels: boolean;
  user_hint: string | null;
}

export interface ProbeBody {
  vendor: string;
  host?: string;
  rtsp_port?: number;
  http_port?: number;
  onvif_port?: number;
  channel?: number;
  username?: string;
  password?: string;
  main_url?: string | null;
  sub_url?: string | null;
  anonymous?: boolean;
}

/** What an ONVIF device says of itself; "" where it does not say. */
export interface DeviceFacts {
  manufacturer: string;
  model: string;
  firmware: string;
  serial: string;
}

export interface ProbeReport {
  main: Profile;
  sub: Profile | null;
  warnings: Warning[];
  snapshot: string | null;
  clock_offset_s: number | null;
  elapsed_s: number;
  /** null: the camera was not asked by ONVIF. */
  device: DeviceFacts | null;
}

export interface DiscoverBody {
  method: "multicast" | "unicast";
  addresses?: string[];
  network?: string;
  timeout_s?: number;
}

/** A device that answered a search. All but host and already_added_as is its own word. */
export interface FoundDevice {
  host: string;
  onvif_port: number;
  /** The host it gives as its own, when that is another one. */
  xaddr_host: string | null;
  name: string;
  manufacturer: string;
  hardware: string;
  scopes: string[];
  already_added_as: string | null;
}

export interface CameraBody extends ProbeBody {
  camera_id?: string;
  name: string;
  tenant_id?: string;
  place?: Place | null;
  record?: boolean;
  enabled?: boolean;
  skip_probe?: boolean;
}

export interface MosaicBody {
  nome: string;
  layout: Layout;
  cameras: (string | null)[];
}

export interface Mosaic extends MosaicBody {
  mosaic_id: string;
  tenant_id: string;
  created_at: string;
  updated_at: string;
}

export interface Finding {
  code: string;
  [fact: string]: unknown;
}

export interface SiteStatus {
  site: { id: string; name: string; timezone: string; now: string };
  version: string;
  cameras: { total: number } & Record<CameraState, number>;
  viewers: number | null;
  storage: {
    volume: string;
    state?: "present" | "full" | "missing" | "unusable";
    error?: string | null;
    total_bytes: number | null;
    free_bytes: number | null;
    used_bytes: number | null;
  } | null;
  media_server: {
    kind: "embedded" | "mediamtx" | null;
    version: string | null;
    state: "up" | "down" | "unknown";
    error?: string | null;
    since?: string;
    webrtc?: boolean;
  } | null;
  /** null for people of one tenant. */
  uplink: UplinkStatus | null;
  /** null for people of one tenant. */
  archive?: ArchiveStatus | null;
  findings?: Finding[];
}

export interface User {
  user_id: string;
  username: string;
  name: string;
  role: Role;
  tenant_id: string | null;
  camera_ids: string[] | null;
  locale: string;
  enabled: boolean;
  must_change_password?: boolean;
  created_at?: string;
}

export interface UserBody {
  username?: string;
  name?: string;
  role?: Role;
  tenant_id?: string | null;
  camera_ids?: string[] | null;
  password?: string;
  must_change_password?: boolean;
  enabled?: boolean;
}

export interface Tenant {
  tenant_id: string;
  name: string;
  created_at?: string;
}

export interface AuditEntry {
  seq: number;
  at: string;
  actor: { user_id: string; name: string };
  address: string;
  action: string;
  subject: string;
  details: Record<string, unknown>;
}

export interface AuditVerdict {
  is_whole: boolean;
  entries: number;
  bad_seq: number | null;
  fault: string;
}

/** Plate readings on the wire; fields in Portuguese are the customer's. */

export type AlertLevel = "info" | "warning" | "critical";

export interface Detection {
  detection_id: string;
  camera_id: string;
  tenant_id: string;
  /** null: none was read, or it was anonymised. */
  placa: string | null;
  placa_lida: string;
  /** What the camera may have meant; never put in place of what it read. */
  sugestoes: string[];
  confianca: number | null;
  timestamp: string;
  received_at: string;
  source: string;
  trust: string;
  late: boolean;
  passage_id: string;
  facts: Record<string, unknown>;
  has_scene: boolean;
  has_plate_picture: boolean;
  /** "", "waiting", or the daemon's word for why there is no picture. */
  picture_state: string;
  anonymised: boolean;
}

export interface DetectionPage {
  items: Detection[];
  next: string | null;
  semelhantes: string[];
}

export interface Acknowledged {
  by: string;
  at: string;
  note: string;
}

export interface Alert {
  alert_id: string;
  watch_id: string;
  level: AlertLevel;
  reason: string;
  raised_at: string;
  camera_id: string;
  tenant_id: string;
  detection: Detection;
  acknowledged: Acknowledged | null;
}

export interface AlertPage {
  items: Alert[];
  next: string | null;
  since: string;
  missed: boolean;
}

export interface Watch {
  watch_id: string;
  tenant_id: string;
  placa: string;
  reason: string;
  level: AlertLevel;
  expires_at: string | null;
  expired: boolean;
  created_at: string;
  updated_at: string;
}

export interface WatchBody {
  placa: string;
  reason: string;
  level: AlertLevel;
  expires_at: string | null;
  tenant_id?: string;
}

export interface ImportedLine {
  line: number;
  placa: string;
  does: "add" | "change" | "nothing" | "fault";
  reason: string | null;
  level: AlertLevel | null;
  expires_at: string | null;
  faults: { path: string; code: string; message: string }[];
}

export interface WatchImportAnswer {
  dry_run: boolean;
  added: number;
  changed: number;
  unchanged: number;
  wrong: number;
  lines: ImportedLine[];
}

export interface ReceivedPush {
  at: string;
  source: string;
  kind: "reading" | "other";
}

export interface RefusedPush {
  at: string;
  source: string;
  reason: string;
}

export interface PushStatus {
  camera_id: string;
  made_at: string | null;
  previous_until: string | null;
  since: string;
  last_received: ReceivedPush | null;
  last_refused: RefusedPush | null;
}

export interface PushHelp {
  camera_id: string;
  secret: string;
  webhook: { url: string; curl: string; signed_text: string };
  hikvision: { url: string; http_host_xml: string };
  itsapi: { host: string; port: number; https: boolean; user: string; password: string; short_password: string; paths: string[] };
}

export type PullTrouble = "unreachable" | "unauthorized" | "unsupported" | "garbled" | "not_kept";

/** How a camera's readings are understood and believed, and how asking it goes. */
export interface PlateSource {
  camera_id: string;
  confidence_scale: "auto" | "100" | "255";
  addresses: string[];
  directions: Record<string, string>;
  timezone: string | null;
  least_trust: "secret_path" | "authenticated" | "signed";
  pull: boolean;
  pull_state: "off" | "connecting" | "connected" | PullTrouble;
  pull_trouble: { state: PullTrouble; since: string } | null;
  picture_sources: string[];
}

export type PlateSourceBody = Partial<Omit<PlateSource, "camera_id" | "pull_state" | "pull_trouble">>;

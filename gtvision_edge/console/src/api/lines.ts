/** What `/status` says of the lines that lead out of the site. */

export interface UplinkStatus {
  state: "off" | "connecting" | "up" | "unreachable" | "refused" | "blocked" | "stalled" | "not_taking";
  since: string;
  reason: string | null;
  waiting: number;
  waiting_bytes: number;
  oldest: string | null;
  rate: number;
  parked: number;
  dropped: number;
  queues: { name: string; depth: number | null }[];
}

/** Copies of pictures and evidence bundles in an object store. */
export interface ArchiveStatus {
  state: "off" | "unknown" | "up" | "unreachable" | "refused";
  since: string;
  reason: string | null;
  waiting: number;
  waiting_bytes: number;
  removing: number;
  oldest: string | null;
  parked: number;
  copies: number;
  copied_bytes: number;
  given_up: number;
}

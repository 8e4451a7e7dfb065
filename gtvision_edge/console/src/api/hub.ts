/** The line to the hub: what it refused, and what never reached it. */
export interface ParkedMessage {
  message_id: string;
  routing_key: string;
  lane: string;
  /** Of the camera that it tells of; there may be none with that id any more. */
  camera_id: string | null;
  accepted_at: string;
  parked_at: string;
  reason: "returned" | "refused";
  attempts: number;
  size_bytes: number;
}

export interface GivenUp {
  purge_id: string;
  at: string;
  reason: "age" | "bytes";
  bound: number;
  messages: number;
  size_bytes: number;
  first_accepted_at: string;
  last_accepted_at: string;
  kinds: Record<string, number>;
  ids_sha256: string;
  audit_seq: number;
}

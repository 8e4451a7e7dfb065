/** A copy, or the removal of one, that failed too often at the object store. */
export interface ParkedCopy {
  id: string;
  kind: "picture" | "evidence";
  act: "copy" | "remove";
  /** Where the copy is, or would be, below the site's folder in the store. */
  key: string;
  size_bytes: number;
  queued_at: string;
  parked_at: string;
  attempts: number;
  /** `file_gone`, `file_changed`, `internal`, or what the store said last. */
  reason: string;
}

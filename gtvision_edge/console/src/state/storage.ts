import { signal } from "@preact/signals";
import type { StorageReport } from "../api/evidence";
import { poll } from "./poll";
import { client } from "./session";

const POLL_MS = 60_000;

/** How full the volume is and for how long it will do; what was known stays when it cannot be read. Null = never read. */
export const storageReport = signal<StorageReport | null>(null);

/** Why it could not be read the last time; null = it could. */
export const storageError = signal<unknown>(null);

let newest = 0;

/** Read the report anew. An answer that arrives late never replaces a newer one. */
export async function refreshStorage(): Promise<void> {
  newest += 1;
  const mine = newest;
  try {
    const found = await client.get<StorageReport>("/storage");
    if (mine !== newest) return;
    storageReport.value = found;
    storageError.value = null;
  } catch (failure) {
    if (mine === newest) storageError.value = failure;
  }
}

/** Keep the report current in every room, until the returned function is called. */
export function watchStorage(): () => void {
  return poll(refreshStorage, POLL_MS);
}

import { useEffect } from "preact/hooks";
import type { StorageReport } from "../../../api/evidence";
import { poll } from "../../../state/poll";
import { refreshStorage, storageError, storageReport } from "../../../state/storage";

const POLL_MS = 15_000;

export interface StorageView {
  report: StorageReport | null;
  error: unknown;
  /** It was asked for and has not come yet. */
  isAwaited: boolean;
  reload: () => Promise<void>;
}

/** The report of the volume, read more often while this room is open; what was known stays in sight when it cannot be read. */
export function useStorage(isWanted: boolean): StorageView {
  useEffect(() => (isWanted ? poll(refreshStorage, POLL_MS) : undefined), [isWanted]);
  const [report, error] = isWanted ? [storageReport.value, storageError.value] : [null, null];
  return { report, error, isAwaited: isWanted && report === null && error === null, reload: refreshStorage };
}

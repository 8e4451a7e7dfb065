import { useEffect, useRef, useState } from "preact/hooks";
import type { StorageReport } from "../../../api/evidence";
import { poll } from "../../../state/poll";
import { client } from "../../../state/session";

const POLL_MS = 15_000;

export interface StorageView {
  report: StorageReport | null;
  error: unknown;
  /** It was asked for and has not come yet. */
  isAwaited: boolean;
  reload: () => Promise<void>;
}

/** The report of the volume, read again and again; what was known stays in sight when it cannot be read. */
export function useStorage(isWanted: boolean): StorageView {
  const [report, setReport] = useState<StorageReport | null>(null);
  const [error, setError] = useState<unknown>(null);
  const newest = useRef(0);
  const reload = async (): Promise<void> => {
    newest.current += 1;
    const mine = newest.current;
    try {
      const found = await client.get<StorageReport>("/storage");
      if (mine !== newest.current) return;
      setReport(found);
      setError(null);
    } catch (failure) {
      if (mine === newest.current) setError(failure);
    }
  };
  useEffect(() => (isWanted ? poll(reload, POLL_MS) : undefined), [isWanted]);
  return { report, error, isAwaited: isWanted && report === null && error === null, reload };
}

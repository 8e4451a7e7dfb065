import { slowTurns, type Turns } from "./turns";

/** The daemon answers at once; one that does not has heard it all the same, and its connection is needed. */
const PATIENCE_MS = 1_500;

/**
 * Tell the daemon that *session* is over, and wait for nothing.
 *
 * A mosaic that goes away says many goodbyes at one moment: they take turns, so that they never hold all connections of the
 * browser. A page that is *leaving* has no later: its goodbyes go out at once.
 */
export function sayGoodbye(
  session: string,
  {
    isLeaving = false,
    turns = slowTurns,
    patienceMs = PATIENCE_MS,
    fetch = globalThis.fetch,
  }: { isLeaving?: boolean; turns?: Turns; patienceMs?: number; fetch?: typeof globalThis.fetch } = {},
): void {
  const send = async (signal?: AbortSignal): Promise<void> => {
    try {
      await fetch(session, { method: "DELETE", credentials: "same-origin", keepalive: true, ...(signal && { signal }) });
    } catch {
      // Whoever is not told finds out by itself: nobody takes the pictures any more.
    }
  };
  if (isLeaving) {
    void send();
    return;
  }
  void turns.wait().then((leave) => send(AbortSignal.timeout(patienceMs)).finally(leave));
}

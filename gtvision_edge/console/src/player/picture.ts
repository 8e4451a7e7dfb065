import { mediaTurns, type Turns } from "./turns";

/** A picture that takes longer comes from something that hangs; its connection is given back. */
const PICTURE_TIMEOUT_MS = 6_000;

/** The answer was no picture; *status* tells why. */
export class NoPicture extends Error {
  constructor(readonly status: number) {
    super(`HTTP ${status}`);
  }
}

/**
 * Load the picture at *url* when it is its turn, and return an address for it, to be revoked by the caller.
 *
 * Ended by *signal* or after some seconds it holds no connection any more: one of an `<img>` would go on.
 */
export async function loadPicture(
  url: string,
  signal: AbortSignal,
  { turns = mediaTurns, timeoutMs = PICTURE_TIMEOUT_MS, fetch = globalThis.fetch }: { turns?: Turns; timeoutMs?: number; fetch?: typeof globalThis.fetch } = {},
): Promise<string> {
  const leave = await turns.wait(signal);
  try {
    const response = await fetch(url, { credentials: "same-origin", signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) });
    if (!response.ok) {
      await response.body?.cancel();
      throw new NoPicture(response.status);
    }
    return URL.createObjectURL(await response.blob());
  } finally {
    leave();
  }
}

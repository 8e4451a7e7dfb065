/** What can come back instead of an answer. */

export interface Fault {
  path: string;
  message: string;
}

/** The daemon answered, and the answer is no: an RFC 9457 problem with a stable code. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly facts: Readonly<Record<string, unknown>>,
  ) {
    super(`${code}: ${detail}`);
  }

  get faults(): Fault[] {
    return Array.isArray(this.facts.faults) ? (this.facts.faults as Fault[]) : [];
  }
}

/** Nobody answered in time, or a proxy answered for a daemon that is gone. Says nothing about the session. */
export class LinkDown extends Error {
  constructor(
    message: string,
    /** The status of a proxy's answer; null when nothing answered. */
    readonly status: number | null = null,
  ) {
    super(message);
  }
}

/** Turn a failed response into what the callers tell apart. */
export async function failureOf(response: Response): Promise<Problem | LinkDown> {
  let body: unknown = null;
  try {
    body = await response.json();
  } catch {
    body = null;
  }
  if (typeof body === "object" && body !== null && "code" in body) {
    const facts = body as Record<string, unknown>;
    return new Problem(response.status, String(facts.code), String(facts.detail ?? ""), facts);
  }
  // A proxy says these for a daemon that is gone; any other failure was said by somebody who is there.
  if ([502, 503, 504].includes(response.status)) return new LinkDown(`HTTP ${response.status}`, response.status);
  return new Problem(response.status, `http_${response.status}`, response.statusText, {});
}

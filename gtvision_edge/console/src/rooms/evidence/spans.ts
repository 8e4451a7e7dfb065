/** What a form says of the time *ms* is read with: fields show whole seconds. */
const SHOWN_MS = 1_000;

/**
 * Write a time of a form for the daemon. Incidents know microseconds, and a bundle may not reach beyond its incident: a time
 * that the form shows as the incident's own *edge* is sent as the incident has it.
 */
export function sent(ms: number, edge?: string): string {
  return edge !== undefined && Math.abs(ms - Date.parse(edge)) < SHOWN_MS ? edge : new Date(ms).toISOString();
}

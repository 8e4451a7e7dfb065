import type { ArchiveStatus } from "../../../api/lines";

export function isDown(line: ArchiveStatus): boolean {
  return line.state === "unreachable" || line.state === "refused";
}

/** All that is still to be done at the store, parked or not. */
export function pendingIn(line: ArchiveStatus): number {
  return line.waiting + line.removing + line.parked;
}

/** How many giving all up takes: what failed, and with the archive off all that is pending. */
export function discardable(line: ArchiveStatus): number {
  return line.state === "off" ? pendingIn(line) : line.parked;
}

/** Whether it is worth a place among the others: most sites copy nothing elsewhere. */
export function isOfInterest(line: ArchiveStatus): boolean {
  return line.state !== "off" || pendingIn(line) + line.copies > 0;
}

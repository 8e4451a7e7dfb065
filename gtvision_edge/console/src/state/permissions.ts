import type { Role } from "../api/types";

/** What each role may do; the daemon decides, this only keeps doors out of sight that it would not open. */
const RIGHTS = {
  watch: ["admin", "operator", "viewer"],
  seeCameras: ["admin", "operator", "viewer", "auditor"],
  editCameras: ["admin"],
  holdFootage: ["admin", "operator"],
  exportFootage: ["admin", "operator"],
  seeEvidence: ["admin", "operator", "auditor"],
  seePurges: ["admin", "auditor"],
  seeStorage: ["admin", "operator", "auditor"],
  editStorage: ["admin"],
  seePlates: ["admin", "operator", "viewer"],
  editWatchlist: ["admin", "operator"],
  acknowledge: ["admin", "operator"],
  letCamerasPush: ["admin"],
  editMosaics: ["admin", "operator"],
  seeToRefusedMessages: ["admin"],
  seeToFailedCopies: ["admin"],
  seeGivenUp: ["admin", "auditor"],
  seeHealth: ["admin", "operator", "viewer", "auditor"],
  manageUsers: ["admin"],
  seeAudit: ["admin", "auditor"],
} as const satisfies Record<string, readonly Role[]>;

export type Right = keyof typeof RIGHTS;

export function may(role: Role | undefined, right: Right): boolean {
  return role !== undefined && (RIGHTS[right] as readonly Role[]).includes(role);
}

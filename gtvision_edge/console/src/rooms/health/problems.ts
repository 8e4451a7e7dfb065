import type { StorageReport } from "../../api/evidence";
import type { Camera, CameraState, Finding, PathTrouble, SiteStatus } from "../../api/types";

export type Problem =
  | { kind: "offline" | "unauthorized" | "not_recording"; tone: "alarm" | "warn"; camera: Camera }
  | { kind: "path"; tone: "alarm" | "warn"; camera: Camera; trouble: PathTrouble }
  | { kind: "finding"; tone: "alarm" | "warn"; finding: Finding; affected: number }
  | { kind: "disk_unknown"; tone: "warn" }
  | { kind: "disk_full"; tone: "alarm" | "warn"; usedShare: number }
  | { kind: "disk_short"; tone: "warn"; daysLeft: number }
  | { kind: "near_trip"; tone: "warn"; freeBytes: number; tripFreeBytes: number }
  | { kind: "only_held"; tone: "alarm"; storage: StorageReport };

const NEARLY_FULL = 0.9;
const FULL = 0.95;

/** Footage that will go before its time within so many days is somebody's business now: a disk has to be bought. */
const SHORT_DAYS = 7;

/** From so many cameras with the same trouble on, one line stands for all of them. */
const TOO_MANY = 10;

export type CameraProblem = Extract<Problem, { camera: Camera }>;
export type Group = { kind: "group"; tone: "alarm" | "warn"; count: number } & ({ of: CameraProblem["kind"]; state: CameraState } | { of: "pull" });

/** What this problem is alike with others of: the same trouble of other cameras; null where it stands for itself. */
function likeness(problem: Problem): Group["of"] | null {
  if ("camera" in problem) return problem.kind;
  return problem.kind === "finding" && problem.finding.code === "plate_pull_failing" ? "pull" : null;
}

/** Put more than ten alike into one, where the first of them stood. */
export function grouped(problems: readonly Problem[]): (Problem | Group)[] {
  const counts = new Map<Group["of"], number>();
  for (const problem of problems) {
    const of = likeness(problem);
    if (of !== null) counts.set(of, (counts.get(of) ?? 0) + 1);
  }
  const result: (Problem | Group)[] = [];
  for (const problem of problems) {
    const of = likeness(problem);
    const count = of === null ? 0 : (counts.get(of) ?? 0);
    if (count <= TOO_MANY) result.push(problem);
    else if (!result.some((each) => each.kind === "group" && each.of === of)) result.push(groupOf(problem, count));
  }
  return result;
}

function groupOf(problem: Problem, count: number): Group {
  if (!("camera" in problem)) return { kind: "group", tone: problem.tone, of: "pull", count };
  return { kind: "group", tone: problem.tone, of: problem.kind, state: problem.camera.state.state, count };
}

/**
 * List what needs somebody, worst first and then in the order of the cameras. A camera that an alarm of the whole box keeps
 * from being recorded is counted there and not listed: one cause is one problem.
 */
export function problemsOf(status: SiteStatus | null, cameras: readonly Camera[] | null, storage: StorageReport | null = null): Problem[] {
  const problems: Problem[] = [];
  const told = new Map<string, { affected: number }>();
  for (const finding of status?.findings ?? []) {
    const problem = { kind: "finding" as const, tone: finding.severity === "alarm" ? ("alarm" as const) : ("warn" as const), finding, affected: 0 };
    problems.push(problem);
    if (problem.tone === "alarm") told.set(finding.code, problem);
  }
  problems.push(...diskProblems(status, storage));
  for (const camera of cameras ?? []) {
    const { state, reason } = camera.state;
    const cause = reason ? told.get(reason) : undefined;
    if (cause && state === "online_not_recording") {
      cause.affected += camera.record ? 1 : 0;
      continue;
    }
    if (state === "offline") problems.push({ kind: "offline", tone: "alarm", camera });
    else if (state === "unauthorized") problems.push({ kind: "unauthorized", tone: "alarm", camera });
    else if (state === "online_not_recording" && camera.record) problems.push({ kind: "not_recording", tone: "warn", camera });
    const trouble = pathTroubleOf(camera, told);
    if (trouble !== undefined) problems.push({ kind: "path", tone: trouble.path === "rec" ? "alarm" : "warn", camera, trouble });
  }
  return problems.sort((one, other) => rank(one) - rank(other));
}

/** The worst of a camera's troubles at the media server; what all cameras lack is said once. */
function pathTroubleOf(camera: Camera, told: ReadonlyMap<string, unknown>): PathTrouble | undefined {
  const own = (camera.path_troubles ?? []).filter((each) => !each.code.startsWith("volume_") && !told.has(each.code));
  return own.find((each) => each.path === "rec") ?? own[0];
}

/** With the report of the storage its own thresholds and forecast decide, else how full the disk is. */
function diskProblems(status: SiteStatus | null, storage: StorageReport | null): Problem[] {
  if (status === null) return [];
  const { used_bytes: used = null, free_bytes: free = null, error = null } = status.storage ?? {};
  if (error !== null) return []; // a finding says it
  // Of what can be used: the file system's own reserve is in neither, and the daemon reckons without it.
  if (used === null || free === null || used + free === 0) return [{ kind: "disk_unknown", tone: "warn" }];
  if (storage !== null) return storageProblems(storage);
  const usedShare = used / (used + free);
  if (usedShare < NEARLY_FULL) return [];
  return [{ kind: "disk_full", tone: usedShare >= FULL ? "alarm" : "warn", usedShare }];
}

function storageProblems(storage: StorageReport): Problem[] {
  const { volume, thresholds, breaker, forecast } = storage;
  const problems: Problem[] = [];
  if (volume.short_of_room) problems.push({ kind: "only_held", tone: "alarm", storage });
  const { reset_free_bytes: reset, trip_free_bytes: trip } = thresholds;
  if (breaker.state === "closed" && volume.free_bytes !== null && reset !== null && trip !== null && volume.free_bytes < reset) {
    problems.push({ kind: "near_trip", tone: "warn", freeBytes: volume.free_bytes, tripFreeBytes: trip });
  }
  // One cause is one problem: what is short now need not be foretold.
  if (problems.length === 0 && forecast.days_left !== null && forecast.days_left < SHORT_DAYS) problems.push({ kind: "disk_short", tone: "warn", daysLeft: forecast.days_left });
  return problems;
}

const OF_DISK: ReadonlySet<Problem["kind"]> = new Set(["disk_unknown", "disk_full", "disk_short", "near_trip", "only_held"]);

/** The tone of the worst that is wrong with the disk; null where nothing is. */
export function diskToneOf(problems: readonly Problem[]): "alarm" | "warn" | null {
  const ofDisk = problems.filter((each) => OF_DISK.has(each.kind));
  if (ofDisk.length === 0) return null;
  return ofDisk.some((each) => each.tone === "alarm") ? "alarm" : "warn";
}

/** What there is to use and how much of it is used: what a file system keeps for root, or for quotas, is in neither. Null = not known. */
export function roomOf(volume: { used_bytes: number | null; free_bytes: number | null }): { usedBytes: number; roomBytes: number } | null {
  const { used_bytes: used, free_bytes: free } = volume;
  return used === null || free === null || used + free === 0 ? null : { usedBytes: used, roomBytes: used + free };
}

function rank(problem: Problem): number {
  return problem.tone === "alarm" ? 0 : 1;
}

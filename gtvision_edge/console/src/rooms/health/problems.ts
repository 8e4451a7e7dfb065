import type { Camera, CameraState, Finding, SiteStatus } from "../../api/types";
import { mediaTroubleOf } from "../../state/site";

export type Problem =
  | { kind: "offline" | "unauthorized" | "not_recording"; tone: "alarm" | "warn"; camera: Camera }
  | { kind: "media"; tone: "alarm" | "warn"; code: string; affected: number }
  | { kind: "finding"; tone: "warn"; finding: Finding }
  | { kind: "disk_unknown"; tone: "warn" }
  | { kind: "volume"; tone: "alarm"; code: string; affected: number }
  | { kind: "disk_full"; tone: "alarm" | "warn"; usedShare: number };

const NEARLY_FULL = 0.9;
const FULL = 0.95;

/** From so many cameras with the same trouble on, one line stands for all of them. */
const TOO_MANY = 10;

export type CameraProblem = Extract<Problem, { camera: Camera }>;
export type Group = { kind: "group"; tone: "alarm" | "warn"; of: CameraProblem["kind"]; state: CameraState; count: number };

/** Put more than ten alike into one, where the first of them stood. */
export function grouped(problems: readonly Problem[]): (Problem | Group)[] {
  const isMany = (kind: Problem["kind"]): boolean => problems.filter((each) => each.kind === kind).length > TOO_MANY;
  const result: (Problem | Group)[] = [];
  for (const problem of problems) {
    if (!("camera" in problem) || !isMany(problem.kind)) result.push(problem);
    else if (!result.some((each) => each.kind === "group" && each.of === problem.kind)) {
      const count = problems.filter((each) => each.kind === problem.kind).length;
      result.push({ kind: "group", tone: problem.tone, of: problem.kind, state: problem.camera.state.state, count });
    }
  }
  return result;
}

/** List what needs somebody, worst first and then in the order of the cameras. */
export function problemsOf(status: SiteStatus | null, cameras: readonly Camera[] | null): Problem[] {
  const problems: Problem[] = [];
  const media = mediaTroubleOf(status);
  const disk = status?.storage?.error ?? null;
  // What stands still for a cause of all cameras is that cause's, not a problem of each.
  const waiting = (cameras ?? []).filter((camera) => camera.state.state === "online_not_recording" && camera.record);
  const byDisk = disk === null ? [] : waiting.filter(({ state }) => isOfDisk(state.reason ?? ""));
  const byMedia = media === null ? [] : waiting.filter((camera) => !byDisk.includes(camera) && OF_MEDIA.has(camera.state.reason ?? ""));
  if (media !== null) problems.push({ kind: "media", tone: media === "not_asked_yet" ? "warn" : "alarm", code: media, affected: byMedia.length });
  for (const finding of [...(status?.media_server?.findings ?? []), ...(status?.findings ?? [])]) {
    problems.push({ kind: "finding", tone: "warn", finding });
  }
  problems.push(...diskProblems(status, byDisk.length));
  for (const camera of cameras ?? []) {
    const { state } = camera.state;
    if (state === "offline") problems.push({ kind: "offline", tone: "alarm", camera });
    else if (state === "unauthorized") problems.push({ kind: "unauthorized", tone: "alarm", camera });
    else if (waiting.includes(camera) && !byDisk.includes(camera) && !byMedia.includes(camera)) problems.push({ kind: "not_recording", tone: "warn", camera });
  }
  return problems.sort((one, other) => rank(one) - rank(other));
}

/** Reasons of a camera that is there, and whose pictures the media server does not bring. */
const OF_MEDIA: ReadonlySet<string> = new Set(["", "no_stream", "not_recording", "restarted"]);

function isOfDisk(reason: string): boolean {
  return reason.startsWith("volume_") || reason.startsWith("breaker_");
}

function diskProblems(status: SiteStatus | null, affected: number): Problem[] {
  if (status === null) return [];
  const { total_bytes: total = null, free_bytes: free = null, error = null } = status.storage ?? {};
  if (error !== null) return [{ kind: "volume", tone: "alarm", code: error, affected }];
  if (total === null || free === null || total === 0) return [{ kind: "disk_unknown", tone: "warn" }];
  const usedShare = 1 - free / total;
  if (usedShare < NEARLY_FULL) return [];
  return [{ kind: "disk_full", tone: usedShare >= FULL ? "alarm" : "warn", usedShare }];
}

function rank(problem: Problem): number {
  return problem.tone === "alarm" ? 0 : 1;
}

import { computed, signal } from "@preact/signals";
import { siteClock } from "../../state/clock";
import { hashOf, replace, route } from "../../state/route";
import { client } from "../../state/session";
import { cameras } from "../../state/site";
import type { Stretch } from "./footage";
import { marksOf, type Mark } from "./marks";
import { centre, lengthOf, type View } from "./scale";
import type { Timeline } from "./types";

export const MOST_CAMERAS = 4;
export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16] as const;

/** One camera's line: what is known of it for some stretch of time. */
export interface Lane {
  cameraId: string;
  timeline: Timeline | null;
  stretches: Stretch[];
  marks: Mark[];
  /** For which part of the axis the timeline was asked. */
  asked: View | null;
  error: unknown;
}

export const chosen = signal<readonly string[]>([]);
export const selected = signal<string | null>(null);
export const view = signal<View>({ startMs: 0, endMs: 1 });
/** The moment on display; players follow it, and the one in front carries it on. */
export const playhead = signal(0);
export const isPlaying = signal(false);
export const speed = signal<number>(1);
export const marks = signal<{ inMs: number | null; outMs: number | null }>({ inMs: null, outMs: null });
export const lanes = signal<ReadonlyMap<string, Lane>>(new Map());
/** A jump that a person asked for; players seek at once instead of drifting there. */
export const jump = signal(0);
/** What was skipped just now, for the note in the picture: from where to where. */
export const skipped = signal<{ fromMs: number; toMs: number } | null>(null);

/** All cameras follow one moment; else the selected one moves alone. */
export const inStep = signal(true);
/** Where each camera stands that is not the one that moves; empty while they are in step. */
export const parked = signal<ReadonlyMap<string, number>>(new Map());

export const marked = computed(() => {
  const { inMs, outMs } = marks.value;
  return inMs !== null && outMs !== null && outMs > inMs ? { startMs: inMs, endMs: outMs } : null;
});

/** Begin with what the address says; else the first camera, a minute ago, one hour in sight. */
export function openRoom(): void {
  const { query } = route.value;
  const known = new Set((cameras.value ?? []).map((camera) => camera.camera_id));
  const wanted = (query.get("c") ?? "").split(",").filter((id) => known.has(id));
  const first = cameras.value?.[0]?.camera_id;
  chosen.value = wanted.length > 0 ? wanted.slice(0, MOST_CAMERAS) : first === undefined ? [] : [first];
  if (selected.value === null || !chosen.value.includes(selected.value)) selected.value = chosen.value[0] ?? null;
  const at = Date.parse(query.get("t") ?? "");
  playhead.value = Number.isFinite(at) ? at : siteClock.now() - 60_000;
  const lengthS = Number(query.get("z"));
  const lengthMs = lengthS >= 10 && lengthS <= 31 * 86_400 ? lengthS * 1000 : 3_600_000;
  view.value = centre({ startMs: 0, endMs: lengthMs }, playhead.value);
  inStep.value = true;
  parked.value = new Map();
  // Who comes for a moment wants to see it happen.
  isPlaying.value = query.get("play") === "1" && Number.isFinite(at);
  jump.value += 1;
}

/** The moment that *cameraId* shows. */
export function momentOfCamera(cameraId: string): number {
  return moves(cameraId) ? playhead.value : (parked.value.get(cameraId) ?? playhead.value);
}

/** Whether *cameraId* follows what is played and sought. */
export function moves(cameraId: string): boolean {
  return inStep.value || cameraId === selected.value;
}

/** Take *cameraId* in hand; out of step it goes on from where it stands, and the one before stays where it is. */
export function select(cameraId: string): void {
  if (cameraId === selected.value) return;
  if (!inStep.value) {
    const own = momentOfCamera(cameraId);
    const next = new Map(parked.value);
    if (selected.value !== null) next.set(selected.value, playhead.value);
    next.delete(cameraId);
    parked.value = next;
    selected.value = cameraId;
    isPlaying.value = false;
    goTo(own);
    return;
  }
  selected.value = cameraId;
}

/** In step again, all cameras come to the moment of the selected one. */
export function toggleInStep(): void {
  parked.value = inStep.value ? new Map(chosen.value.filter((id) => id !== selected.value).map((id) => [id, playhead.value])) : new Map();
  inStep.value = !inStep.value;
  jump.value += 1;
}

/** Put where we are into the address, so that it can be passed on; never a secret. */
export function writeAddress(): void {
  if (route.value.room !== "investigate") return;
  replace(
    hashOf("investigate", null, {
      c: chosen.value.join(","),
      t: new Date(Math.round(playhead.value / 1000) * 1000).toISOString().replace(".000Z", "Z"),
      z: String(Math.round(lengthOf(view.value) / 1000)),
    }),
  );
}

/** Show *ms*; never the future. The axis follows when it would be out of sight. */
export function goTo(ms: number): void {
  playhead.value = Math.min(ms, siteClock.now());
  jump.value += 1;
  skipped.value = null;
  const { startMs, endMs } = view.value;
  if (playhead.value < startMs || playhead.value > endMs) view.value = centre(view.value, playhead.value);
}

export function choose(ids: readonly string[]): void {
  chosen.value = ids.slice(0, MOST_CAMERAS);
  // One that comes while they are out of step begins where the one in hand is.
  if (!inStep.value) parked.value = new Map(chosen.value.filter((id) => id !== selected.value).map((id) => [id, momentOfCamera(id)]));
  if (selected.value === null || !ids.includes(selected.value)) selected.value = ids[0] ?? null;
  void loadLanes(true);
}

export function laneOf(cameraId: string): Lane {
  return lanes.value.get(cameraId) ?? { cameraId, timeline: null, stretches: [], marks: [], asked: null, error: null };
}

export function stretchesOf(cameraId: string): Stretch[] {
  return laneOf(cameraId).stretches;
}

export function marksOfLane(cameraId: string): Mark[] {
  return laneOf(cameraId).marks;
}

let round = 0;

/** Ask for the timelines of what is in sight and half as much to either side; an answer that comes late is dropped. */
export async function loadLanes(isForced = false): Promise<void> {
  const wanted = view.value;
  const margin = Math.min(lengthOf(wanted) / 2, (31 * 86_400_000 - lengthOf(wanted)) / 2);
  const asked = { startMs: Math.floor(wanted.startMs - margin), endMs: Math.ceil(wanted.endMs + margin) };
  round += 1;
  const mine = round;
  await Promise.all(
    chosen.value.map(async (cameraId) => {
      const known = laneOf(cameraId).asked;
      if (!isForced && known !== null && known.startMs <= wanted.startMs && known.endMs >= wanted.endMs && lengthOf(known) <= 6 * lengthOf(wanted)) return;
      try {
        const span = `start=${new Date(asked.startMs).toISOString()}&end=${new Date(asked.endMs).toISOString()}`;
        const timeline = await client.get<Timeline>(`/cameras/${encodeURIComponent(cameraId)}/timeline?${span}`);
        if (mine === round) keep({ cameraId, timeline, stretches: stretches(timeline), marks: marksOf(timeline.detections), asked, error: null });
      } catch (error) {
        // What was known stays in sight; nothing is passed off as empty.
        if (mine === round) keep({ ...laneOf(cameraId), error });
      }
    }),
  );
}

function keep(lane: Lane): void {
  lanes.value = new Map(lanes.value).set(lane.cameraId, lane);
}

function stretches(timeline: Timeline): Stretch[] {
  const found: Stretch[] = [];
  for (const span of timeline.spans) {
    const startMs = Date.parse(span.start);
    const endMs = Date.parse(span.end);
    const last = found.at(-1);
    if (last !== undefined && startMs - last.endMs <= 1) last.endMs = Math.max(last.endMs, endMs);
    else found.push({ startMs, endMs });
  }
  return found;
}

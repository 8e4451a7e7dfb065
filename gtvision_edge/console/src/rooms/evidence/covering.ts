import type { Incident } from "../../api/evidence";

/** Forms show whole seconds. */
const SHOWN_MS = 1_000;

/** The newest open incident that keeps all of this already, so that nobody has to say twice why; null = none does. */
export function covering(incidents: readonly Incident[], cameraIds: readonly string[], startMs: number, endMs: number): Incident | null {
  if (cameraIds.length === 0) return null;
  const covers = ({ start, end, released, footage }: Incident): boolean =>
    released === null &&
    Date.parse(start) < startMs + SHOWN_MS &&
    Date.parse(end) > endMs - SHOWN_MS &&
    cameraIds.every((id) => footage.per_camera.some((camera) => camera.camera_id === id));
  return incidents.find(covers) ?? null;
}

import { signal } from "@preact/signals";
import { cameras } from "../../state/site";
import { sequencePages, tilesOf } from "./mosaic";
import { maximise, shown } from "./store";

export const SEQUENCE_S = 15;

/** The step of the running sequence; null while it stands still. */
export const sequenceStep = signal<number | null>(null);

let timer: ReturnType<typeof setInterval> | undefined;

export function toggleSequence(): void {
  if (sequenceStep.value !== null) {
    stopSequence();
    return;
  }
  sequenceStep.value = 0;
  timer = setInterval(() => {
    sequenceStep.value = (sequenceStep.value ?? 0) + 1;
  }, SEQUENCE_S * 1000);
}

export function stopSequence(): void {
  clearInterval(timer);
  sequenceStep.value = null;
}

/** Show one camera large, or none. Who asks for one has seen enough of a sequence that shows them large itself. */
export function enlarge(cameraId: string | null): void {
  if (isSequenceLarge()) stopSequence();
  maximise(cameraId);
}

export function isSequenceLarge(): boolean {
  const view = sequenceView();
  return view !== null && "large" in view;
}

/**
 * What the sequence shows now: with more cameras than tiles, page after page of all of them; otherwise the
 * mosaic's own cameras one after the other, large. Null while it stands still.
 */
export function sequenceView(): { cameras: (string | null)[] } | { large: string } | null {
  const step = sequenceStep.value;
  const mosaic = shown.value;
  if (step === null || mosaic === null) return null;
  const all = (cameras.value ?? []).filter((camera) => camera.enabled).map((camera) => camera.camera_id);
  if (all.length > tilesOf(mosaic.layout)) {
    const pages = sequencePages(all, mosaic.layout);
    const page = pages[step % pages.length];
    return page === undefined ? null : { cameras: page };
  }
  const own = mosaic.cameras.filter((id): id is string => id !== null && all.includes(id));
  const large = own[step % Math.max(1, own.length)];
  return large === undefined ? null : { large };
}

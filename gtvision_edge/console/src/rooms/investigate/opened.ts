import { effect, signal } from "@preact/signals";
import { say } from "../../state/toasts";
import { markBeside, type Mark } from "./marks";
import { chosen, goTo, marksOfLane, playhead, select, selected } from "./store";
import { text } from "./words";

/** The reading whose moment was opened; null: none, or one has gone on from there. */
export const opened = signal<{ cameraId: string; mark: Mark } | null>(null);

/** Who asked to see plates: that stays for the readings after it, for them and until the page is loaded anew. Each look is asked for, and audited, by itself. */
const askedBy = signal<string | null>(null);

export function showPlates(userId: string | undefined): void {
  askedBy.value = userId ?? null;
}

export function showsPlates(userId: string | undefined): boolean {
  return userId !== undefined && askedBy.value === userId;
}

/** Who has gone on by so much looks at something else. */
const AWAY_MS = 15_000;

/** Show the moment of a reading, in the picture and on the line. */
export function openReading(cameraId: string, mark: Mark): void {
  select(cameraId);
  goTo(mark.startMs);
  opened.value = { cameraId, mark };
}

/** Open the reading before or after the moment on display, of the camera in hand; that there is none is said. */
export function goToReading(direction: 1 | -1): void {
  const cameraId = selected.value;
  if (cameraId === null) return;
  const mark = markBeside(marksOfLane(cameraId), playhead.value, direction);
  const t = text.value.readingMarks;
  if (mark === null) say(direction === 1 ? t.noneAfter : t.noneBefore);
  else openReading(cameraId, mark);
}

/** Close what was opened when its moment is out of the picture; returns what ends the watching. */
export function watchOpened(): () => void {
  return effect(() => {
    const now = opened.value;
    if (now !== null && (Math.abs(playhead.value - now.mark.startMs) > AWAY_MS || !chosen.value.includes(now.cameraId))) opened.value = null;
  });
}

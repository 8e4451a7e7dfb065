import type { Camera } from "../../api/types";
import { siteClock } from "../../state/clock";
import { go, hashOf } from "../../state/route";
import { client } from "../../state/session";
import { cameras, zone } from "../../state/site";
import { say } from "../../state/toasts";
import { gapEdge } from "./footage";
import { goToReading, opened } from "./opened";
import { chosen, goTo, isPlaying, jump, marks, playhead, selected, speed, SPEEDS, stretchesOf, toggleInStep } from "./store";
import { text } from "./words";
import { wallOf } from "./when";

const TEN_S = 10_000;

export function chosenCamera(): Camera | null {
  return cameras.value?.find((camera) => camera.camera_id === selected.value) ?? null;
}

export function togglePlay(): void {
  isPlaying.value = !isPlaying.value;
  jump.value += 1;
}

/** Show *ms*; what lies ahead cannot be shown, and that is said. */
export function goToIfPast(ms: number): void {
  if (ms > siteClock.now()) say(text.value.investigate.future);
  else goTo(ms);
}

export function step(ms: number): void {
  goTo(playhead.value + ms);
}

/** One frame by the camera's own rate; the picture stands still then. */
export function stepFrame(direction: 1 | -1): void {
  isPlaying.value = false;
  step((direction * 1000) / (chosenCamera()?.profiles.main?.fps || 25));
}

export function changeSpeed(direction: 1 | -1): void {
  const at = SPEEDS.indexOf(speed.value as (typeof SPEEDS)[number]);
  speed.value = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, at + direction))] ?? 1;
}

export function goToGap(direction: 1 | -1): void {
  if (selected.value === null) return;
  const edge = gapEdge(stretchesOf(selected.value), playhead.value, direction);
  if (edge !== null) goTo(edge);
}

export function mark(which: "inMs" | "outMs"): void {
  const next = { ...marks.value, [which]: playhead.value };
  // What lies on the wrong side of the new mark is forgotten.
  if (next.inMs !== null && next.outMs !== null && next.outMs <= next.inMs) next[which === "inMs" ? "outMs" : "inMs"] = null;
  marks.value = next;
}

export function goLive(): void {
  go(hashOf("live", null, { cam: selected.value }));
}

export function jumpToNow(): void {
  goTo(siteClock.now() - TEN_S);
}

/** Save the picture of this moment under a name that says which camera and when, in the site's zone. */
export async function capture(): Promise<void> {
  const camera = chosenCamera();
  if (camera === null) return;
  const t = text.value.investigate;
  const moment = playhead.value;
  try {
    const answer = await client.response(`/cameras/${encodeURIComponent(camera.camera_id)}/snapshot?time=${new Date(moment).toISOString()}`);
    const name = `${camera.camera_id}_${stamp(moment)}.jpg`;
    const address = URL.createObjectURL(await answer.blob());
    const link = document.createElement("a");
    link.href = address;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
    say(t.captured(name));
  } catch {
    say(t.captureFailed, { tone: "alarm" });
  }
}

function stamp(ms: number): string {
  const wall = wallOf(ms, zone.value);
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${wall.year}-${two(wall.month)}-${two(wall.day)}_${two(wall.hour)}-${two(wall.minute)}-${two(wall.second)}`;
}

let pressed: Element | null = null;

/** To be told of each press of a mouse or finger. */
export function notePress(event: PointerEvent): void {
  pressed = event.target instanceof Element ? event.target.closest("button, select, summary") : null;
}

/** Space presses the button that was reached by keyboard; one that was only clicked a moment ago does not keep it from playing. */
function leavesSpaceToUs(): boolean {
  const focused = document.activeElement;
  if (!focused?.matches("button, select, summary")) return true;
  if (focused !== pressed || !(focused instanceof HTMLElement)) return false;
  focused.blur();
  return true;
}

/** The keys of this room that need no dialog; true when the key was meant for it. */
export function investigateKeys(key: string): boolean {
  if (document.querySelector("dialog[open]") !== null) return false;
  switch (key) {
    case " ":
      if (!leavesSpaceToUs()) return false;
      togglePlay();
      return true;
    case "ArrowLeft":
      step(-TEN_S);
      return true;
    case "ArrowRight":
      step(TEN_S);
      return true;
    case "ArrowUp":
      step(1000);
      return true;
    case "ArrowDown":
      step(-1000);
      return true;
    case ",":
    case ".":
      stepFrame(key === "." ? 1 : -1);
      return true;
    case "-":
    case "+":
    case "=":
      changeSpeed(key === "-" ? -1 : 1);
      return true;
    case "[":
      mark("inMs");
      return true;
    case "]":
      mark("outMs");
      return true;
    case "n":
    case "p":
      goToReading(key === "n" ? 1 : -1);
      return true;
    case "N":
    case "P":
      goToGap(key === "N" ? 1 : -1);
      return true;
    case "y":
    case "Y":
      if (chosen.value.length < 2) return false;
      toggleInStep();
      return true;
    case "l":
    case "L":
      goLive();
      return true;
    case "s":
    case "S":
      void capture();
      return true;
    case "Escape":
      if (opened.value !== null) {
        opened.value = null;
        return true;
      }
      if (marks.value.inMs === null && marks.value.outMs === null) return false;
      marks.value = { inMs: null, outMs: null };
      return true;
    default:
      return false;
  }
}


import { siteClock } from "../../state/clock";
import { say } from "../../state/toasts";
import type { Deck } from "./deck";
import { LEAP_MS, nextFootage, type Stretch } from "./footage";
import { pan } from "./scale";
import { chosen, inStep, isPlaying, jump, momentOfCamera, moves, playhead, selected, skipped, speed, stretchesOf, view } from "./store";
import { text } from "./words";

const TICK_MS = 100;
/** So near to now there is nothing to skip to: the recording is on its way. */
const EDGE_MS = 5_000;
/** Nearer to now than this a recording that still grows cannot be gone through any faster than it does. */
const PRESENT_MS = 10_000;

const decks = new Map<string, Deck>();
let seenJump = -1;
let tickedAt = 0;
let sinceTickMs = 0;

export function addDeck(cameraId: string, deck: Deck): () => void {
  decks.set(cameraId, deck);
  // Fast forward a tick is seconds long: the clock goes on with each second that comes to the screen.
  const stop = deck.shownMs.subscribe(() => {
    if (isPlaying.peek() && jump.peek() === seenJump && leadDeck() === deck) goOn(deck);
  });
  return () => {
    stop();
    if (decks.get(cameraId) === deck) decks.delete(cameraId);
  };
}

/** Keep the players in step until the returned function is called. */
export function startEngine(): () => void {
  const timer = setInterval(tick, TICK_MS);
  return () => clearInterval(timer);
}

function tick(): void {
  const at = performance.now();
  // A page that was asleep goes on from where it was.
  sinceTickMs = Math.min(1_000, at - tickedAt);
  tickedAt = at;
  const lead = leadDeck();
  if (isPlaying.value && jump.value === seenJump) goOn(lead);
  seenJump = jump.value;
  for (const [cameraId, deck] of decks) {
    if (chosen.value.includes(cameraId)) deck.follow(momentOfCamera(cameraId), isPlaying.value && moves(cameraId), speed.value, jump.value, deck === lead);
  }
}

/** The one that carries the moment on: the selected camera where it has a picture, else any that has. */
function leadDeck(): Deck | null {
  const first = selected.value === null ? undefined : decks.get(selected.value);
  if (first !== undefined && first.wallMs !== null) return first;
  if (!inStep.value) return null;
  for (const deck of decks.values()) if (deck.wallMs !== null) return deck;
  return null;
}

function goOn(lead: Deck | null): void {
  const before = playhead.value;
  advance(lead);
  slowDown();
  keepInSight(before);
}

function advance(lead: Deck | null): void {
  const moving = chosen.value.filter(moves);
  const lanes = moving.map(stretchesOf);
  const before = playhead.value;
  const reached = lead?.wallMs ?? null;
  if (reached !== null) {
    if (lead?.hole(before, reached) == null) {
      playhead.value = reached;
      return;
    }
    // This camera has a gap; another one may have what happened in it.
    const next = nextFootage(lanes, before + 500);
    leap(before, next !== null && next < reached ? next : reached);
    return;
  }
  const isWaiting = moving.some((id) => ["loading", "ready", "failed"].includes(decks.get(id)?.sight.value.state ?? ""));
  if (isWaiting) return;
  if (moving.some((id) => decks.get(id)?.sight.value.state === "unplayable")) {
    showStills(lanes, before);
    return;
  }
  const next = nextFootage(lanes, before + 500);
  if (next !== null && next - before > 400) leap(before, next);
  else if (next === null && before > siteClock.now() - EDGE_MS) return;
  else if (next === null) isPlaying.value = false;
}

/** Where only still pictures can be shown the position goes on by the clock; each picture says of when it is. */
function showStills(lanes: readonly (readonly Stretch[])[], before: number): void {
  const wanted = before + sinceTickMs * speed.value;
  const next = nextFootage(lanes, wanted);
  if (next === null) isPlaying.value = before > siteClock.now() - EDGE_MS;
  else if (next - wanted > LEAP_MS) leap(before, next);
  else playhead.value = Math.min(next, siteClock.now());
}

function slowDown(): void {
  if (speed.value <= 1 || playhead.value < siteClock.now() - PRESENT_MS) return;
  speed.value = 1;
  say(text.value.investigate.caughtUp);
}

/** Turn the page of the axis when what is played runs off it. */
function keepInSight(before: number): void {
  const { startMs, endMs } = view.value;
  if (before <= endMs && playhead.value > endMs) view.value = pan(view.value, playhead.value - startMs - (endMs - startMs) / 10);
}

function leap(fromMs: number, toMs: number): void {
  if (toMs - fromMs > LEAP_MS) skipped.value = { fromMs, toMs };
  playhead.value = toMs;
  jump.value += 1;
}

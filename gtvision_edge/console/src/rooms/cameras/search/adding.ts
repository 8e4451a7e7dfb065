/** Adding what was picked. It goes on when its drawer is closed, and then tells what came of it. */
import { computed, signal } from "@preact/signals";
import type { Camera, FoundDevice } from "../../../api/types";
import { text } from "../../../i18n";
import { go, hashOf } from "../../../state/route";
import { client } from "../../../state/session";
import { refreshCameras, refreshStatus } from "../../../state/site";
import { say } from "../../../state/toasts";
import { guardWork } from "../../../state/unsaved";
import { bodyOf, inTurns, type Access } from "./search";

/** Five seconds for ONVIF, five for the video, and a queue in between. */
const ADD_TIMEOUT_MS = 40_000;
/** No more at a time than the client lets through. */
const AT_A_TIME = 2;

/** What becomes of one picked device. */
export interface Attempt {
  device: FoundDevice;
  name: string;
  isRunning: boolean;
  camera: Camera | null;
  error: unknown;
}

export const attempts = signal<readonly Attempt[]>([]);
export const isAdding = computed(() => attempts.value.some((each) => each.camera === null && each.error === null));
/** Somebody looks at the progress. */
export const isWatched = signal(false);

/** Add what was *picked*, a few at a time; done when each was added or refused. */
export async function addAll(picked: readonly { device: FoundDevice; name: string }[], access: Access): Promise<void> {
  attempts.value = picked.map(({ device, name }) => ({ device, name, isRunning: false, camera: null, error: null }));
  // The browser asks before it drops those that wait.
  const release = guardWork(() => isAdding.value);
  await inTurns(attempts.value, AT_A_TIME, async ({ device, name }) => {
    set(device, { isRunning: true });
    try {
      set(device, { isRunning: false, camera: await client.post<Camera>("/cameras", bodyOf(device, name, access), { timeoutMs: ADD_TIMEOUT_MS }) });
      void refreshCameras().catch(() => {});
    } catch (failure) {
      set(device, { isRunning: false, error: failure });
    }
  });
  release();
  void refreshStatus().catch(() => {});
  if (!isWatched.value) sayOutcome();
}

/** Forget what came of it: it was seen. */
export function forgetAttempts(): void {
  if (!isAdding.value) attempts.value = [];
}

/** The drawer was closed: say that it goes on. */
export function leaveAdding(): void {
  if (isAdding.value) say(text.value.search.goesOn(attempts.value.length));
  else forgetAttempts();
}

function sayOutcome(): void {
  const t = text.value.search;
  const added = attempts.value.filter((each) => each.camera !== null);
  const failed = attempts.value.filter((each) => each.error !== null).map((each) => each.name);
  if (failed.length === 0) {
    say(t.allAdded(added.length));
    forgetAttempts();
    return;
  }
  say(t.someAdded(added.length, failed), { tone: "alarm", action: { words: t.seeWhy, run: () => go(hashOf("cameras", null, { search: "1" })) } });
}

function set(device: FoundDevice, changes: Partial<Attempt>): void {
  attempts.value = attempts.value.map((each) => (each.device === device ? { ...each, ...changes } : each));
}

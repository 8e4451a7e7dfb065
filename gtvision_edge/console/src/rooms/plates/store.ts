import { computed, effect, signal } from "@preact/signals";
import type { Detection, DetectionPage, Watch } from "../../api/plates";
import { feed, pictured } from "../../state/alerts";
import { siteClock } from "../../state/clock";
import { withAwaited } from "../../state/feed";
import { client } from "../../state/session";
import { zone } from "../../state/site";
import { watched } from "../../state/link";
import { searched } from "../../ui/plate";
import { hasPurpose, lacksCharacters, searchPath, type Wanted } from "./search";
import { watchesByVehicle } from "./words";

/** What the fields say. It outlives the room, so that one may look at a video and come back; a reload forgets it. */
export const wanted = signal<Wanted>({ plate: "", purpose: "", camera: "", range: "today", startMs: null, endMs: null });

export interface Found {
  /** What it was found for. */
  wanted: Wanted;
  items: readonly Detection[];
  next: string | null;
  similar: readonly string[];
  path: string;
}

export const found = signal<Found | null>(null);
export const searchError = signal<unknown>(null);
export const isSearching = signal(false);
/** A search was asked for, and its purpose is missing. */
export const lacksPurpose = signal(false);
/** A search was asked for, and what is written as a plate finds none. */
export const lacksPlate = signal(false);

export const chosenId = signal<string | null>(null);
export const chosen = computed<Detection | null>(() => found.value?.items.find((each) => each.detection_id === chosenId.value) ?? null);

export const watches = signal<readonly Watch[] | null>(null);
export const watchedVehicles = computed(() => watchesByVehicle(watches.value ?? []));

let newest = 0;

/** Look for what the fields say; an answer that comes late never wins over a newer one. */
export async function search(): Promise<void> {
  const now = wanted.value;
  lacksPlate.value = lacksCharacters(now.plate);
  lacksPurpose.value = !lacksPlate.value && searched(now.plate) !== "" && !hasPurpose(now.purpose);
  if (lacksPlate.value || lacksPurpose.value) return;
  newest += 1;
  const number = newest;
  const path = searchPath(now, siteClock.now(), zone.value);
  isSearching.value = true;
  try {
    const page = await client.get<DetectionPage>(path);
    if (number !== newest) return;
    searchError.value = null;
    found.value = { wanted: now, items: page.items, next: page.next, similar: page.semelhantes, path };
    if (!page.items.some((each) => each.detection_id === chosenId.value)) chosenId.value = null;
  } catch (error) {
    if (number !== newest) return;
    searchError.value = error;
    // What was found for something else does not answer this.
    if (found.value?.path !== path) found.value = null;
  } finally {
    if (number === newest) isSearching.value = false;
  }
}

export async function older(): Promise<void> {
  const before = found.value;
  if (before?.next == null) return;
  try {
    const page = await client.get<DetectionPage>(`${before.path}&cursor=${encodeURIComponent(before.next)}`);
    // Pictures may have come meanwhile; another search makes this page one of nothing.
    const now = found.value;
    if (now === null || now.wanted !== before.wanted || now.next !== before.next) return;
    searchError.value = null;
    found.value = { ...now, items: [...now.items, ...page.items], next: page.next };
  } catch (error) {
    searchError.value = error;
  }
}

/** Show pictures in what was found as they come; a reading keeps its place. Until the returned function is called. */
export function watchPictures(): () => void {
  return effect(() => {
    const news = pictured.value === null ? feed.value.readings : [pictured.value, ...feed.value.readings];
    const before = found.peek();
    if (before === null) return;
    const items = withAwaited(before.items, news);
    if (items !== before.items) found.value = { ...before, items };
  });
}

/** Choose the reading after the chosen one, or before it; false: there is none at all. */
export function walk(step: 1 | -1): boolean {
  const items = found.peek()?.items ?? [];
  const at = items.findIndex((each) => each.detection_id === chosenId.peek());
  const next = items[at < 0 ? 0 : Math.max(0, Math.min(items.length - 1, at + step))];
  if (next === undefined) return false;
  chosenId.value = next.detection_id;
  document.querySelector(`[data-reading="${next.detection_id}"]`)?.scrollIntoView({ block: "nearest" });
  return true;
}

export function look(change: Partial<Wanted>): Promise<void> {
  wanted.value = { ...wanted.value, ...change };
  return search();
}

export async function loadWatches(): Promise<void> {
  watches.value = await watched("watchlist", () => client.all<Watch>("/watchlist?limit=500"));
}

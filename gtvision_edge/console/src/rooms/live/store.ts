import { computed, signal } from "@preact/signals";
import { Problem } from "../../api/problem";
import type { Mosaic, MosaicBody } from "../../api/types";
import { text } from "../../i18n";
import { watched } from "../../state/link";
import { read, write } from "../../state/preferences";
import { hashOf, replace, route } from "../../state/route";
import { client } from "../../state/session";
import { cameras } from "../../state/site";
import { say } from "../../state/toasts";
import { automaticMosaic, isSameMosaic, seats, tilesOf, waitingCount } from "./mosaic";

const REMEMBERED = "gtv.mosaic";

/** The saved mosaics of the organisation; null until they were read once. */
export const mosaics = signal<Mosaic[] | null>(null);

/** Changes that nobody saved yet. */
export const draft = signal<MosaicBody | null>(null);

export const selectedTile = signal<number | null>(null);
export const soundOf = signal<string | null>(null);
export const isPanelOpen = signal(false);

/** Counts how often the list of cameras was asked for; it takes the focus each time. */
export const panelCalls = signal(0);

export function openPanel(): void {
  isPanelOpen.value = true;
  panelCalls.value += 1;
}

/** In place of a mosaic's id: all cameras, in their order. */
export const EVERY_CAMERA = "all";

export const chosen = computed<Mosaic | null>(() => {
  const list = mosaics.value ?? [];
  const wanted = route.value.query.get("mosaic") ?? read(REMEMBERED);
  if (wanted === EVERY_CAMERA) return null;
  return list.find((mosaic) => mosaic.mosaic_id === wanted) ?? list[0] ?? null;
});

/** What the room shows: the draft, else the chosen mosaic, else all cameras. */
export const shown = computed<MosaicBody | null>(() => {
  if (draft.value !== null) return draft.value;
  if (chosen.value !== null) return chosen.value;
  if (mosaics.value === null || cameras.value === null) return null;
  return automaticMosaic(cameras.value, text.value.live.automatic);
});

export const maximised = computed(() => route.value.query.get("cam"));

/** The camera that a key means: the large one, else that of the selected tile; it is there only while the room is open. */
export const inHand = computed<string | null>(() => {
  const selected = selectedTile.value;
  if (maximised.value !== null || selected === null || shown.value === null) return maximised.value;
  return seats(shown.value.cameras, shown.value.layout)[selected] ?? null;
});

export async function loadMosaics(): Promise<void> {
  mosaics.value = await watched("mosaics", () => client.all<Mosaic>("/mosaics"));
}

/** Show another mosaic. A draft that is left can be had back for some seconds. */
export function choose(mosaicId: string): void {
  discard();
  show(mosaicId);
}

/** Drop what nobody saved, with a way back. */
export function discard(): void {
  const dropped = draft.value;
  const from = chosen.value?.mosaic_id ?? EVERY_CAMERA;
  draft.value = null;
  if (dropped === null) return;
  say(text.value.live.discarded(dropped.nome), {
    undo: () => {
      show(from);
      draft.value = dropped;
    },
  });
}

function show(mosaicId: string): void {
  write(REMEMBERED, mosaicId);
  replace(hashOf("live", null, { mosaic: mosaicId }));
}

export function maximise(cameraId: string | null): void {
  replace(hashOf("live", null, { mosaic: route.value.query.get("mosaic"), cam: cameraId }));
}

/** Show a change at once; it becomes everybody's when it is saved. */
export function edit(change: (mosaic: MosaicBody) => MosaicBody): void {
  if (shown.value === null) return;
  const { nome, layout, cameras: ids } = shown.value;
  const next = change({ nome, layout, cameras: ids });
  const isAsSaved = chosen.value !== null && isSameMosaic(next, chosen.value) && waitingCount(next) === 0;
  draft.value = isAsSaved ? null : next;
  if (selectedTile.value !== null && selectedTile.value >= tilesOf(next.layout)) selectedTile.value = null;
}

export async function save(body: MosaicBody, target: Mosaic | null): Promise<void> {
  const content: MosaicBody = { nome: body.nome, layout: body.layout, cameras: seats(body.cameras, body.layout) };
  const saved =
    target === null
      ? await client.post<Mosaic>("/mosaics", content)
      : await client.patch<Mosaic>(`/mosaics/${encodeURIComponent(target.mosaic_id)}`, content);
  await loadMosaics();
  draft.value = null;
  show(saved.mosaic_id);
}

export async function remove(mosaic: Mosaic): Promise<void> {
  try {
    await client.delete(`/mosaics/${encodeURIComponent(mosaic.mosaic_id)}`);
  } catch (error) {
    // Gone already is what was wanted.
    if (!(error instanceof Problem) || error.status !== 404) throw error;
  }
  draft.value = null;
  await loadMosaics();
  replace(hashOf("live"));
}

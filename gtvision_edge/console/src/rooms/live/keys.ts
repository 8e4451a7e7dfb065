import { go } from "../../state/route";
import { neighbour, seats } from "./mosaic";
import { toggleReadings } from "./readings";
import { reviewHash } from "./review";
import { enlarge, isSequenceLarge, stopSequence, toggleSequence } from "./sequence";
import { inHand, isPanelOpen, maximise, maximised, openPanel, selectedTile, shown, soundOf } from "./store";

/** The keys of the live room; true when the key was meant for it. */
export function liveKeys(key: string, room: HTMLElement | null): boolean {
  const mosaic = shown.value;
  if (mosaic === null || document.querySelector("dialog[open]") !== null) return false;
  const places = seats(mosaic.cameras, mosaic.layout);
  const selected = selectedTile.value;
  const camera = inHand.value;
  if (/^[1-9]$/.test(key)) {
    const tile = Number(key) - 1;
    if (tile >= places.length) return false;
    selectTile(tile, room);
    const other = places[tile];
    if (maximised.value !== null && other) enlarge(other);
    return true;
  }
  if (key.startsWith("Arrow")) {
    selectTile(selected === null ? 0 : neighbour(mosaic.layout, selected, key), room);
    return true;
  }
  switch (key.toLowerCase()) {
    case "enter":
      // On a button, Enter presses the button.
      if (document.activeElement?.matches("button, a, select")) return false;
      if (camera !== null) enlarge(maximised.value === null ? camera : null);
      else if (selected !== null && places[selected] === null) openPanel();
      else return false;
      return true;
    case "f":
      toggleFull(room);
      return true;
    case "c":
      toggleSequence();
      return true;
    case "m":
      soundOf.value = camera === null || soundOf.value === camera ? null : camera;
      return true;
    case "l":
      if (camera === null) return false;
      go(reviewHash(camera));
      return true;
    case "r":
      toggleReadings();
      return true;
    case "/":
      openPanel();
      return true;
    case "escape":
      return up();
    default:
      return false;
  }
}

/** The focus goes along, so that Enter means the tile and not the link that was clicked before. */
function selectTile(tile: number, room: HTMLElement | null): void {
  selectedTile.value = tile;
  room?.querySelectorAll<HTMLElement>(".place > .tile")[tile]?.focus({ preventScroll: true });
}

/** One level up: from the large picture to the mosaic, from the panel to the mosaic, from a selection to none. */
function up(): boolean {
  if (isSequenceLarge()) stopSequence();
  else if (maximised.value !== null) maximise(null);
  else if (isPanelOpen.value) isPanelOpen.value = false;
  else if (selectedTile.value !== null) selectedTile.value = null;
  else return false;
  return true;
}

/** The whole screen; where the browser has no such thing (iPhone), the whole page. */
export function toggleFull(room: HTMLElement | null): void {
  if (room === null) return;
  if (document.fullscreenElement !== null) void document.exitFullscreen();
  else if (room.classList.contains("page-full")) room.classList.remove("page-full");
  else if (typeof room.requestFullscreen === "function") {
    room.requestFullscreen().catch(() => room.classList.add("page-full"));
  } else room.classList.add("page-full");
}

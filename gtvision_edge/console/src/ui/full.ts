/**
 * The whole screen for one room; where the browser has no such thing (iPhone), the whole page.
 *
 * It is the document that fills the screen and the room that fills the document: what interrupts, and what is said,
 * lies over the room and would be out of sight were the room alone on the screen.
 */

const FULL = "page-full";

export function toggleFull(room: HTMLElement | null): void {
  if (room === null) return;
  if (room.classList.contains(FULL)) return leaveFull(room);
  room.classList.add(FULL);
  const root = document.documentElement;
  // Refused or unknown: the page is full at least.
  if (typeof root.requestFullscreen === "function") root.requestFullscreen().catch(() => {});
}

export function leaveFull(room: HTMLElement | null): void {
  room?.classList.remove(FULL);
  if (document.fullscreenElement !== null) void document.exitFullscreen();
}

/** The browser's own way out (Esc) leaves the page as well. Returns what ends the watching, and leaves. */
export function watchFull(room: HTMLElement | null): () => void {
  const onChange = (): void => {
    if (document.fullscreenElement === null) room?.classList.remove(FULL);
  };
  document.addEventListener("fullscreenchange", onChange);
  return () => {
    document.removeEventListener("fullscreenchange", onChange);
    if (room?.classList.contains(FULL)) leaveFull(room);
  };
}

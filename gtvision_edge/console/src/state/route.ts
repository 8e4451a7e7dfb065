import { computed, signal } from "@preact/signals";

/** The address bar: `#/room/detail?key=value`. Never holds a secret. */
export interface Route {
  room: string;
  detail: string | null;
  query: URLSearchParams;
}

/** Addresses that stand in messages to people, in their words: `#/placas/alerta/ID`. */
const SPOKEN: Record<string, { room: string; first: Record<string, string> }> = {
  placas: { room: "plates", first: { alerta: "alert", alertas: "alerts", lista: "watchlist" } },
};

export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [named = "", ...rest] = path.split("/").map(decodeURIComponent);
  const { room, first } = SPOKEN[named] ?? { room: named, first: {} };
  if (rest[0] !== undefined) rest[0] = first[rest[0]] ?? rest[0];
  return { room, detail: rest.length > 0 && rest[0] !== "" ? rest.join("/") : null, query: new URLSearchParams(query) };
}

export function hashOf(room: string, detail?: string | null, query?: Record<string, string | null | undefined>): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) if (value) params.set(key, value);
  const tail = params.toString();
  return `#/${room}${detail ? `/${encodeURIComponent(detail)}` : ""}${tail ? `?${tail}` : ""}`;
}

const hash = signal(typeof location === "undefined" ? "" : location.hash);

export const route = computed(() => parseRoute(hash.value));

export function go(target: string): void {
  location.hash = target;
}

/** Write the address without a new step in the browser's history. */
export function replace(target: string): void {
  history.replaceState(null, "", target);
  hash.value = target;
}

export function startRouting(): void {
  window.addEventListener("hashchange", () => {
    hash.value = location.hash;
  });
}

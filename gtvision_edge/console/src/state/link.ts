import { signal } from "@preact/signals";

/** Since when (ms, this browser's clock) the daemon has not answered; null while it does. */
export const silentSince = signal<number | null>(null);

export function noteAnswer(): void {
  silentSince.value = null;
}

export function noteSilence(): void {
  silentSince.value ??= Date.now();
}

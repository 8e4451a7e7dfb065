import { computed, signal } from "@preact/signals";

/** Since when (ms, this browser's clock) the daemon has not answered; null while it does. */
export const silentSince = signal<number | null>(null);

/** An answer that keeps failing, and since when (ms, this browser's clock). */
export interface Trouble {
  error: unknown;
  since: number;
}

/** What cannot be read at present, by what was asked for. */
const troubles = signal<Readonly<Record<string, Trouble>>>({});

/** The trouble that lasts longest. */
export const oldestTrouble = computed<Trouble | null>(
  () => Object.values(troubles.value).sort((one, other) => one.since - other.since)[0] ?? null,
);

export function troubleWith(what: string): Trouble | null {
  return troubles.value[what] ?? null;
}

export function noteAnswer(): void {
  silentSince.value = null;
}

export function noteSilence(): void {
  silentSince.value ??= Date.now();
}

/** Run *job* and remember under *what* whether it works. Its error goes on to the caller. */
export async function watched<T>(what: string, job: () => Promise<T>): Promise<T> {
  try {
    const result = await job();
    if (troubles.value[what] !== undefined) {
      const { [what]: _over, ...others } = troubles.value;
      troubles.value = others;
    }
    return result;
  } catch (error) {
    troubles.value = { ...troubles.value, [what]: { error, since: troubles.value[what]?.since ?? Date.now() } };
    throw error;
  }
}

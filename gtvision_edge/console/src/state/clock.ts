import { signal } from "@preact/signals";

/**
 * The site's clock, kept from the time stamps of its answers.
 *
 * An answer's stamp is taken to lie in the middle of its round trip, so it is off by half of it at most.
 * The quickest answer of the last minutes wins.
 */
export class SiteClock {
  #offsetMs = 0;
  #uncertaintyMs = Number.POSITIVE_INFINITY;

  observe(stampMs: number, sentMs: number, receivedMs: number): void {
    const uncertainty = (receivedMs - sentMs) / 2;
    // Old samples lose worth, so that a stepped clock is followed within a minute or two.
    this.#uncertaintyMs = this.#uncertaintyMs * 1.2 + 1;
    const offset = stampMs - (sentMs + receivedMs) / 2;
    const hasStepped = Math.abs(offset - this.#offsetMs) > uncertainty + this.#uncertaintyMs + 2_000;
    if (uncertainty <= this.#uncertaintyMs || hasStepped) {
      this.#uncertaintyMs = uncertainty;
      this.#offsetMs = offset;
    }
  }

  /** Milliseconds to add to this browser's clock. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  get isSet(): boolean {
    return Number.isFinite(this.#uncertaintyMs);
  }

  now(): number {
    return Date.now() + this.#offsetMs;
  }
}

export const siteClock = new SiteClock();

/** The site's time, written anew at each of its full seconds. */
export const nowMs = signal(siteClock.now());

export function startClock(): void {
  const tick = (): void => {
    const now = siteClock.now();
    nowMs.value = now;
    setTimeout(tick, 1_005 - (now % 1_000));
  };
  tick();
}

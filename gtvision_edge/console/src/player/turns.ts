/** Lets at most *width* holders work at a time, in the order they asked. */
export class Turns {
  #free: number;
  readonly #line: (() => void)[] = [];

  constructor(width: number) {
    this.#free = width;
  }

  /** Whether somebody waits for a turn. */
  get isWanted(): boolean {
    return this.#line.length > 0;
  }

  /** Call *start* when it is this caller's turn. The returned function gives the turn back, or leaves the line. */
  take(start: () => void): () => void {
    let state: "waiting" | "working" | "done" = "waiting";
    const begin = (): void => {
      state = "working";
      start();
    };
    if (this.#free > 0) {
      this.#free -= 1;
      begin();
    } else {
      this.#line.push(begin);
    }
    return () => {
      if (state === "done") return;
      if (state === "waiting") this.#line.splice(this.#line.indexOf(begin), 1);
      else this.#giveBack();
      state = "done";
    };
  }

  /** Wait for this caller's turn; returns how to give it back. Whoever is told to stop leaves the line. */
  wait(signal?: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const stop = (): void => {
        leave();
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", stop, { once: true });
      const leave = this.take(() => {
        signal?.removeEventListener("abort", stop);
        // The turn may begin at once, before `take` has returned how to end it.
        queueMicrotask(() => resolve(leave));
      });
    });
  }

  #giveBack(): void {
    const next = this.#line.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}

/**
 * A browser opens six connections to a host. Media over HTTP (HLS, posters, pictures) shares three of them, so that an
 * answer of the API never waits behind a segment, nor behind a media server that hangs.
 */
export const mediaTurns = new Turns(3);

/**
 * What the daemon itself has to wait for shares two more, and the sixth is always free: a camera that is checked, an offer of
 * WebRTC whose path is opened on demand.
 */
export const slowTurns = new Turns(2);

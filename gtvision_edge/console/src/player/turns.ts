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

  #giveBack(): void {
    const next = this.#line.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}

/**
 * A browser opens six connections to a host. Media over HTTP (HLS, posters, pictures) shares four of them,
 * so that an answer of the API never waits behind a segment.
 */
export const mediaTurns = new Turns(4);

/** Offers of WebRTC wait until a path on demand is open: two at a time, or a wall of tiles leaves no connection for the rest. */
export const offerTurns = new Turns(2);

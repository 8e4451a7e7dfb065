import type { Ending, TransportKind } from "./machine";

/** What a transport tells the player. None of it is called after `stop`. */
export interface TransportEvents {
  /** Media arrived. */
  data(): void;
  /** It is over; the player decides when to try again. */
  closed(why: Ending): void;
  /** The login is no longer good; `closed` follows. */
  sessionEnded(): void;
  /** This browser cannot play what is sent. */
  unsupported(codec: string): void;
}

/** Brings one path's media into one video element. Used once: started, then stopped. */
export interface Transport {
  readonly kind: TransportKind;
  /** The server shows a picture of its own that says it has none of the camera. */
  readonly isPlaceholder: boolean;
  /** It has not begun yet: others of this page are before it. */
  readonly isQueued?: boolean;
  start(): void;
  /** Leave the element empty and free everything. */
  stop(): void;
  /** Moment (UTC ms) of the picture on display; null when unknown. */
  momentOnDisplay(): number | null;
  /** Go to the newest picture. */
  jumpToEdge(): void;
  /** Keep near the edge; called a few times a second. */
  keepPace(): void;
}

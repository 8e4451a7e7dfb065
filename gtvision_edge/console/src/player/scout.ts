import type { Transport, TransportEvents } from "./transport";
import { WebRtcTransport } from "./webrtc";

/** An answer, and a picture after it, come within this time or not at all. */
const PATIENCE_MS = 30_000;

/**
 * Looks whether WebRTC gets through, in an element of its own that nobody sees: what plays meanwhile is left alone.
 *
 * Tells once whether a picture came. Then it is adopted, with its picture, or dismissed.
 */
export class Scout {
  readonly #stage = document.createElement("video");
  readonly #transport: WebRtcTransport;
  readonly #late: ReturnType<typeof setTimeout>;
  #heir: TransportEvents | null = null;
  #hasTold = false;

  constructor(
    url: string,
    private readonly tell: (found: boolean) => void,
  ) {
    this.#stage.muted = true;
    this.#stage.playsInline = true;
    this.#late = setTimeout(() => this.#say(false), PATIENCE_MS);
    this.#transport = new WebRtcTransport(this.#stage, url, {
      data: () => (this.#heir === null ? this.#say(true) : this.#heir.data()),
      closed: (why) => (this.#heir === null ? this.#say(false) : this.#heir.closed(why)),
      sessionEnded: () => this.#heir?.sessionEnded(),
      unsupported: (codec) => this.#heir?.unsupported(codec),
    });
  }

  start(): void {
    this.#transport.start();
  }

  /** Show its picture in *video*, which is empty, and tell *events* from now on. */
  adopt(video: HTMLVideoElement, events: TransportEvents): Transport {
    this.#heir = events;
    const transport = this.#transport;
    video.srcObject = this.#stage.srcObject;
    this.#stage.srcObject = null;
    const play = (): void => void video.play().catch(() => {});
    play();
    return {
      kind: "webrtc",
      isPlaceholder: false,
      start: () => {},
      stop: () => {
        transport.stop();
        video.srcObject = null;
      },
      momentOnDisplay: () => transport.momentOnDisplay(),
      jumpToEdge: () => {
        if (video.paused) play();
      },
      keepPace: () => transport.keepPace(),
    };
  }

  dismiss(): void {
    this.#hasTold = true;
    clearTimeout(this.#late);
    this.#transport.stop();
  }

  #say(found: boolean): void {
    if (this.#hasTold) return;
    this.#hasTold = true;
    clearTimeout(this.#late);
    this.tell(found);
  }
}

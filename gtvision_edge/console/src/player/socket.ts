import { advise, STEADY, type Pace } from "./pace";
import { decodeTimeOf, Timeline, videoTrackOf, type VideoTrack } from "./fmp4";
import type { Transport, TransportEvents } from "./transport";

const KEEP_BEHIND_S = 8;
/** Fragments that may wait for the decoder before the connection is taken for hopeless. */
const MOST_WAITING = 60;
const STAMP_BYTES = 8;
const SETTLING_MS = 1_500;

/** The daemon's own close codes. */
const SESSION_ENDED = 4401;
const NO_LIVE_SOCKET = 4404;
const STREAM_UNAVAILABLE = 4503;

/**
 * Live over one WebSocket: a text message announces an init segment, then fragments come as they are made,
 * each after 8 bytes of big-endian UTC microseconds of its first frame.
 *
 * A second init in the same connection (camera restarted, codec changed) closes the transport: the player
 * then starts over with a fresh media source, which every browser handles alike.
 */
export class SocketTransport implements Transport {
  readonly kind = "ws";
  readonly isPlaceholder = false;
  readonly #media = new MediaSource();
  readonly #timeline = new Timeline();
  readonly #waiting: Uint8Array[] = [];
  #socket: WebSocket | null = null;
  #buffer: SourceBuffer | null = null;
  #address = "";
  #codecs: string | null = null;
  #track: VideoTrack | null = null;
  #expectsInit = false;
  #pace: Pace = STEADY;
  #hasStarved = false;
  #isStopped = false;
  #placedAt: number | null = null;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly url: string,
    private readonly events: TransportEvents,
  ) {}

  start(): void {
    this.#address = URL.createObjectURL(this.#media);
    this.video.src = this.#address;
    this.video.addEventListener("waiting", this.#onStarved);
    this.video.addEventListener("error", this.#onMediaError);
    this.#media.addEventListener("sourceopen", () => this.#addBuffer(), { once: true });
    const socket = new WebSocket(this.url);
    socket.binaryType = "arraybuffer";
    socket.onmessage = (message: MessageEvent<string | ArrayBuffer>) => this.#receive(message.data);
    socket.onclose = (event) => this.#end(event.code);
    this.#socket = socket;
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#socket !== null) {
      this.#socket.onmessage = null;
      this.#socket.onclose = null;
      this.#socket.close();
    }
    this.video.removeEventListener("waiting", this.#onStarved);
    this.video.removeEventListener("error", this.#onMediaError);
    this.video.removeAttribute("src");
    this.video.load();
    URL.revokeObjectURL(this.#address);
    this.#waiting.length = 0;
    this.#buffer = null;
  }

  momentOnDisplay(): number | null {
    return this.#timeline.momentAt(this.video.currentTime);
  }

  jumpToEdge(): void {
    const edge = this.#edge();
    if (edge !== null) {
      this.video.currentTime = Math.max(edge.start, edge.end - this.#pace.targetS);
      void this.video.play().catch(() => {});
    }
  }

  keepPace(): void {
    const edge = this.#edge();
    if (edge === null || this.#placedAt === null) return;
    if (this.video.paused) void this.video.play().catch(() => {});
    const ahead = edge.end - this.video.currentTime;
    const advice = advise(this.#pace, ahead, this.#hasStarved);
    this.#hasStarved = false;
    this.#pace = advice.pace;
    if (this.video.playbackRate !== advice.pace.rate) this.video.playbackRate = advice.pace.rate;
    const isOutside = this.video.currentTime < edge.start;
    // The group of pictures so far came in one burst: take its end, not its beginning, for the edge.
    const isFresh = performance.now() - this.#placedAt < SETTLING_MS && ahead > this.#pace.targetS + 0.4;
    if (isOutside || isFresh) this.jumpToEdge();
    else if (advice.seekAheadS !== null) this.video.currentTime = edge.end - advice.seekAheadS;
  }

  readonly #onStarved = (): void => {
    this.#hasStarved = true;
  };

  readonly #onMediaError = (): void => {
    this.#fail();
  };

  #receive(data: string | ArrayBuffer): void {
    if (typeof data === "string") {
      this.#announce(data);
      return;
    }
    this.events.data();
    if (this.#expectsInit) {
      this.#expectsInit = false;
      const init = new Uint8Array(data);
      this.#track = videoTrackOf(init);
      this.#waiting.push(init);
    } else if (data.byteLength > STAMP_BYTES) {
      const utcMs = Number(new DataView(data).getBigUint64(0)) / 1000;
      const fragment = new Uint8Array(data, STAMP_BYTES);
      const mediaS = this.#track === null ? null : decodeTimeOf(fragment, this.#track);
      if (mediaS !== null) this.#timeline.mark(mediaS, utcMs);
      this.#waiting.push(fragment);
    }
    if (this.#waiting.length > MOST_WAITING) this.#fail();
    else this.#append();
  }

  #announce(message: string): void {
    const announced = JSON.parse(message) as { kind?: string; codecs?: string };
    if (announced.kind !== "init" || !announced.codecs) return;
    if (this.#codecs !== null) {
      this.#fail();
      return;
    }
    if (!MediaSource.isTypeSupported(mimeOf(announced.codecs))) {
      this.events.unsupported(announced.codecs);
      return;
    }
    this.#codecs = announced.codecs;
    this.#expectsInit = true;
    this.#addBuffer();
  }

  #addBuffer(): void {
    if (this.#isStopped || this.#codecs === null || this.#buffer !== null) return;
    if (this.#media.readyState !== "open") return;
    // Shown as endless: no duration to run out of.
    this.#media.duration = Number.POSITIVE_INFINITY;
    this.#buffer = this.#media.addSourceBuffer(mimeOf(this.#codecs));
    this.#buffer.mode = "segments";
    this.#buffer.addEventListener("updateend", () => this.#afterAppend());
    this.#append();
  }

  #append(): void {
    const buffer = this.#buffer;
    if (buffer === null || buffer.updating || this.#media.readyState !== "open") return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    try {
      buffer.appendBuffer(next as BufferSource);
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== "QuotaExceededError") throw error;
      this.#waiting.unshift(next);
      if (!this.#trim(1)) this.#fail();
    }
  }

  #afterAppend(): void {
    if (this.#isStopped) return;
    const edge = this.#edge();
    if (edge !== null && this.#placedAt === null) {
      this.#placedAt = performance.now();
      this.video.currentTime = Math.max(edge.start, edge.end - this.#pace.targetS);
      void this.video.play().catch(() => {});
    }
    // Nobody looks at a hidden page and its player may stand still: keep it at the edge so that it can be trimmed.
    if (document.hidden && edge !== null && edge.end - this.video.currentTime > KEEP_BEHIND_S) this.jumpToEdge();
    if (!this.#trim(KEEP_BEHIND_S)) this.#append();
  }

  /** Drop what lies more than *keepS* behind the picture; false when there was nothing to drop. */
  #trim(keepS: number): boolean {
    const buffer = this.#buffer;
    if (buffer === null || buffer.updating || buffer.buffered.length === 0) return false;
    const start = buffer.buffered.start(0);
    const until = this.video.currentTime - keepS;
    // In slices of some seconds: each removal costs the browser a walk over the buffer.
    if (until - start < Math.min(keepS, 4)) return false;
    buffer.remove(start, until);
    return true;
  }

  #edge(): { start: number; end: number } | null {
    const ranges = this.#buffer?.buffered;
    if (ranges === undefined || ranges.length === 0) return null;
    return { start: ranges.start(ranges.length - 1), end: ranges.end(ranges.length - 1) };
  }

  #end(code: number): void {
    if (this.#isStopped) return;
    if (code === SESSION_ENDED) this.events.sessionEnded();
    this.events.closed(code === NO_LIVE_SOCKET ? "absent" : code === STREAM_UNAVAILABLE ? "unavailable" : "broken");
  }

  #fail(): void {
    if (!this.#isStopped) this.events.closed("broken");
  }
}

function mimeOf(codecs: string): string {
  return `video/mp4; codecs="${codecs}"`;
}

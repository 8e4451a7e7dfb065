import Hls, {
  type Loader,
  type LoaderCallbacks,
  type LoaderConfiguration,
  type LoaderContext,
} from "hls.js/light";
import { mediaTurns, Turns } from "./turns";
import type { Transport, TransportEvents } from "./transport";

type Start = Parameters<Loader<LoaderContext>["load"]>;

const CODEC_ERRORS: ReadonlySet<string> = new Set([
  Hls.ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR,
  Hls.ErrorDetails.BUFFER_ADD_CODEC_ERROR,
  Hls.ErrorDetails.BUFFER_INCOMPATIBLE_CODECS_ERROR,
]);

/** The files of the picture that the daemon shows while it has none of the camera. */
const PLACEHOLDER = /^lost-(video|audio|both)-/;

/** Further behind than this it is quicker to jump. */
const JUMP_EXCESS_S = 5;

/** Make a loader class that keeps one tile to one request at a time and all tiles to their share of connections. */
function politeLoader(tileTurns: Turns): new (config: LoaderConfiguration) => Loader<LoaderContext> {
  const Base = Hls.DefaultConfig.loader as unknown as new (config: unknown) => Loader<LoaderContext>;
  return class extends Base {
    #leaveTile: (() => void) | null = null;
    #leaveShare: (() => void) | null = null;

    override load(context: Start[0], config: Start[1], callbacks: Start[2]): void {
      const done = <A extends unknown[]>(call: ((...args: A) => void) | undefined) =>
        (...args: A): void => {
          this.#leave();
          call?.(...args);
        };
      const wrapped: LoaderCallbacks<LoaderContext> = {
        ...callbacks,
        onSuccess: done(callbacks.onSuccess),
        onError: done(callbacks.onError),
        onTimeout: done(callbacks.onTimeout),
      };
      this.#leaveTile = tileTurns.take(() => {
        this.#leaveShare = mediaTurns.take(() => super.load(context, config, wrapped));
      });
    }

    override abort(): void {
      this.#leave();
      super.abort();
    }

    override destroy(): void {
      this.#leave();
      super.destroy();
    }

    #leave(): void {
      this.#leaveShare?.();
      this.#leaveTile?.();
      this.#leaveShare = null;
      this.#leaveTile = null;
    }
  };
}

/** HLS, for media servers without the WebSocket and for networks that break it. */
export class PlaylistTransport implements Transport {
  readonly kind = "hls";
  #hls: Hls | null = null;
  isPlaceholder = false;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly url: string,
    private readonly events: TransportEvents,
  ) {}

  start(): void {
    const loader = politeLoader(new Turns(1));
    const hls = new Hls({
      loader: loader as never,
      // Blocking playlist reloads would hold one of the browser's six connections all the time.
      lowLatencyMode: false,
      liveSyncDurationCount: 2,
      liveMaxLatencyDurationCount: 5,
      backBufferLength: 8,
      maxBufferLength: 10,
      enableWorker: false,
    });
    this.#hls = hls;
    hls.on(Hls.Events.FRAG_LOADED, () => {
      if (this.#hls !== null) this.events.data();
    });
    hls.on(Hls.Events.FRAG_CHANGED, (_name, data) => {
      this.isPlaceholder = PLACEHOLDER.test(data.frag.relurl ?? "");
    });
    hls.on(Hls.Events.ERROR, (_name, data) => {
      if (this.#hls === null) return;
      if (CODEC_ERRORS.has(data.details)) {
        this.events.unsupported(hls.levels[0]?.videoCodec ?? "?");
      } else if (data.fatal) {
        if (data.response?.code === 401) this.events.sessionEnded();
        this.events.closed("broken");
      }
    });
    hls.loadSource(this.url);
    hls.attachMedia(this.video);
    this.video.addEventListener("canplay", this.#play);
  }

  stop(): void {
    this.video.removeEventListener("canplay", this.#play);
    const hls = this.#hls;
    this.#hls = null;
    hls?.destroy();
    this.video.removeAttribute("src");
    this.video.load();
  }

  momentOnDisplay(): number | null {
    return this.#hls?.playingDate?.getTime() ?? null;
  }

  jumpToEdge(): void {
    const edge = this.#hls?.liveSyncPosition;
    if (edge !== null && edge !== undefined) this.video.currentTime = edge;
    this.#play();
  }

  keepPace(): void {
    if (this.video.paused && this.video.readyState >= 2) this.#play();
    const hls = this.#hls;
    if (hls === null || hls.targetLatency === null || this.video.readyState < 3) return;
    // hls.js itself catches up in its low-latency mode only.
    const excessS = hls.latency - hls.targetLatency;
    if (excessS > JUMP_EXCESS_S) this.jumpToEdge();
    const rate = excessS > (this.video.playbackRate > 1 ? 0.3 : 1.5) ? 1.05 : 1;
    if (this.video.playbackRate !== rate) this.video.playbackRate = rate;
  }

  readonly #play = (): void => {
    void this.video.play().catch(() => {});
  };
}

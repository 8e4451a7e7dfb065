import Hls from "hls.js/light";
import { signal } from "@preact/signals";
import { siteClock } from "../../state/clock";
import { client } from "../../state/session";
import { mediaAt, wallAt, type Piece } from "./footage";

export type DeckState = "loading" | "ready" | "gap" | "unplayable" | "failed";

export interface DeckSight {
  state: DeckState;
  codec: string | null;
  error: string | null;
}

/** How much is asked for at once: some minutes back for a step back, the rest to go on. */
const BEFORE_MS = 5 * 60_000;
const AFTER_MS = 55 * 60_000;
/** Playlists that reach the present are asked for anew while they are played to their end. */
const RENEW_MS = 4_000;
const RETRY_MS = 3_000;
/** Further off than this is sought, nearer is left to run. */
const DRIFT_MS = 700;
const STILL_MS = 60;

/**
 * Plays one camera's recordings in one video element, following a moment on the wall clock.
 *
 * One seek at a time, and the newest target wins: whoever drags the playhead sees pictures all along.
 */
export class Deck {
  readonly sight = signal<DeckSight>({ state: "loading", codec: null, error: null });
  #hls: Hls | null = null;
  #pieces: Piece[] = [];
  #window: { startMs: number; endMs: number } | null = null;
  #loadedAt = 0;
  #retryAt = 0;
  #isClosed = false;
  #jump = -1;
  #loadedAtMs = 0;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly cameraId: string,
    /** Called just before the element is emptied, so that the last picture can be kept in sight. */
    private readonly keepStill: () => void,
  ) {}

  close(): void {
    this.#isClosed = true;
    this.#unload();
  }

  /** The moment on display; null while there is none of this camera. */
  get wallMs(): number | null {
    if (this.sight.value.state !== "ready" || this.video.readyState < 2 || this.video.seeking) return null;
    return wallAt(this.#pieces, this.video.currentTime);
  }

  /** Show *wallMs*; *jump* tells a leap that somebody asked for from the course of time. Called a few times a second. */
  follow(wallMs: number, isPlaying: boolean, rate: number, jump: number, isLead: boolean): void {
    if (this.#isClosed) return;
    const isLeap = jump !== this.#jump;
    if (this.#needsLoading(wallMs)) {
      if (performance.now() >= this.#retryAt || isLeap) this.#load(wallMs);
      this.#jump = jump;
      return;
    }
    if (this.#pieces.length === 0 || ["unplayable", "failed"].includes(this.sight.value.state)) return;
    const target = mediaAt(this.#pieces, wallMs);
    if (target === null) {
      this.#say("gap");
      this.video.pause();
      return;
    }
    this.#say("ready");
    if (this.video.playbackRate !== rate) this.video.playbackRate = rate;
    if (this.video.seeking) return;
    const offMs = Math.abs(target - this.video.currentTime) * 1000;
    const mayDrift = isPlaying && !isLeap ? (isLead ? Number.POSITIVE_INFINITY : DRIFT_MS * Math.max(1, rate)) : STILL_MS;
    if (offMs > mayDrift) this.video.currentTime = target;
    this.#jump = jump;
    if (isPlaying && this.video.paused) void this.video.play().catch(() => {});
    else if (!isPlaying && !this.video.paused) this.video.pause();
  }

  #needsLoading(wallMs: number): boolean {
    const window = this.#window;
    if (window === null || wallMs < window.startMs || wallMs >= window.endMs) return true;
    const last = this.#pieces.at(-1);
    const end = last === undefined ? window.startMs : last.wallMs + last.lengthS * 1000;
    const isAtEdge = window.endMs > this.#loadedAtMs && wallMs > end - 1_000;
    return isAtEdge && performance.now() - this.#loadedAt > RENEW_MS && wallMs < siteClock.now() - 1_000;
  }

  #load(wallMs: number): void {
    this.#unload();
    const now = siteClock.now();
    this.#loadedAt = performance.now();
    this.#loadedAtMs = now;
    this.#retryAt = this.#loadedAt + RETRY_MS;
    const window = { startMs: wallMs - BEFORE_MS, endMs: wallMs + AFTER_MS };
    this.#window = window;
    if (this.sight.value.state !== "gap") this.#say("loading");
    const hls = new Hls({
      enableWorker: false,
      maxBufferLength: 20,
      maxMaxBufferLength: 40,
      backBufferLength: 20,
      startPosition: -1,
      autoStartLoad: false,
      // A recording has holes where the camera had; they are in the playlist, not in the media.
      maxBufferHole: 0.5,
    });
    this.#hls = hls;
    hls.on(Hls.Events.LEVEL_LOADED, (_name, data) => {
      if (this.#hls !== hls) return;
      this.#pieces = data.details.fragments.map((fragment) => ({
        mediaS: fragment.start,
        lengthS: fragment.duration,
        wallMs: fragment.programDateTime ?? 0,
      }));
      const target = mediaAt(this.#pieces, wallMs);
      hls.startLoad(target ?? 0);
      this.#jump = -1;
    });
    hls.on(Hls.Events.ERROR, (_name, data) => this.#onError(hls, data.fatal, data.details, data.response?.code));
    const span = `start=${new Date(window.startMs).toISOString()}&end=${new Date(window.endMs).toISOString()}`;
    hls.loadSource(`/api/v1/cameras/${encodeURIComponent(this.cameraId)}/playback.m3u8?${span}`);
    hls.attachMedia(this.video);
  }

  #onError(hls: Hls, isFatal: boolean, details: string, status: number | undefined): void {
    if (this.#hls !== hls) return;
    const isCodec = [Hls.ErrorDetails.BUFFER_ADD_CODEC_ERROR, Hls.ErrorDetails.BUFFER_INCOMPATIBLE_CODECS_ERROR, Hls.ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR].includes(details as never);
    if (isCodec) {
      this.sight.value = { state: "unplayable", codec: hls.levels[0]?.videoCodec ?? null, error: null };
      this.#unload(true);
    } else if (status === 404) {
      this.#say("gap");
      this.#unload(true);
    } else if (isFatal) {
      if (status === 401) void client.renew().catch(() => {});
      this.sight.value = { state: "failed", codec: null, error: details };
      this.#unload();
      this.#retryAt = performance.now() + RETRY_MS;
    }
  }

  #unload(keepsWindow = false): void {
    const hls = this.#hls;
    if (hls !== null) this.keepStill();
    this.#hls = null;
    this.#pieces = [];
    if (!keepsWindow) this.#window = null;
    hls?.destroy();
  }

  #say(state: DeckState): void {
    if (this.sight.value.state !== state) this.sight.value = { state, codec: null, error: null };
  }
}

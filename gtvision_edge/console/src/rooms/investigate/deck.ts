import Hls, { type LevelDetails } from "hls.js/light";
import { signal } from "@preact/signals";
import { siteClock } from "../../state/clock";
import { client } from "../../state/session";
import { holeBetween, mediaAt, wallAt, type Piece, type Stretch } from "./footage";
import { Frames } from "./frames";
import { Seat } from "./seat";

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
/** What is still on its way is not asked for anew before that. */
const SLOW_MS = 15_000;
const RETRY_MS = 3_000;
/** Further off than this is sought, nearer is left to run. */
const DRIFT_MS = 700;
/** So near to the end of a playlist it is as good as played. */
const EDGE_MS = 1_000;
const STILL_MS = 60;

/**
 * Plays one camera's recordings in one video element, following a moment on the wall clock.
 *
 * One seek at a time, and the newest target wins: whoever drags the playhead sees pictures all along. What moment is on display
 * is told by the frame that is, never by the one that is sought.
 */
export class Deck {
  readonly sight = signal<DeckSight>({ state: "loading", codec: null, error: null });
  /** Of which second the picture in sight is, also the last one while the next is being fetched; null: there was none yet. */
  readonly shownMs = signal<number | null>(null);
  #hls: Hls | null = null;
  #frames: Frames | null = null;
  #pieces: Piece[] = [];
  #window: { startMs: number; endMs: number } | null = null;
  #seat = new Seat(0);
  /** Where in the media the frame is that came to the screen after the last seek. */
  #frameS: number | null = null;
  #askedMs = 0;
  #loadedAt = 0;
  #retryAt = 0;
  #isClosed = false;
  #jump = -1;
  #loadedAtMs = 0;
  #plays = false;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly cameraId: string,
    /** Called just before the element is emptied, so that the last picture can be kept in sight. */
    private readonly keepStill: () => void,
  ) {
    video.addEventListener("seeked", this.#onSeeked);
  }

  close(): void {
    this.#isClosed = true;
    this.video.removeEventListener("seeked", this.#onSeeked);
    this.#unload();
  }

  /** The moment on display; null while there is none of this camera, or none since the last seek. */
  get wallMs(): number | null {
    if (this.sight.value.state !== "ready" || this.video.readyState < 2 || this.video.seeking || !this.#seat.isTaken) return null;
    // No frame comes to a screen that nobody sees, and some browsers tell of none.
    const isTold = Frames.areTold(this.video) && !document.hidden;
    const mediaS = isTold ? this.#frameS : this.video.currentTime;
    return mediaS === null || !this.#seat.shows(mediaS, this.video) ? null : wallAt(this.#pieces, mediaS);
  }

  /** What this camera has not recorded between the two moments, so far as it is long enough to be told of. */
  hole(fromMs: number, toMs: number): Stretch | null {
    return holeBetween(this.#pieces, fromMs, toMs);
  }

  /** Show *wallMs*; *jump* tells a leap that somebody asked for from the course of time. Called a few times a second. */
  follow(wallMs: number, isPlaying: boolean, rate: number, jump: number, isLead: boolean): void {
    if (this.#isClosed) return;
    const isLeap = jump !== this.#jump;
    this.#jump = jump;
    this.#plays = isPlaying;
    // The last frame that somebody saw is an old one when the page is looked at again.
    if (document.hidden) this.#frameS = null;
    if (this.#needsLoading(wallMs)) {
      if (performance.now() >= this.#retryAt || isLeap) this.#load(wallMs);
      return;
    }
    if (this.#pieces.length === 0 || ["unplayable", "failed"].includes(this.sight.value.state)) return;
    const target = mediaAt(this.#pieces, wallMs);
    if (target === null || this.#isSpent(wallMs)) {
      this.#say("gap");
      this.video.pause();
      return;
    }
    this.#say("ready");
    if (this.video.playbackRate !== rate) this.video.playbackRate = rate;
    if (isLeap || this.#isOff(wallMs, target, isPlaying, rate, isLead)) this.#seat = new Seat(wallMs);
    this.#takeSeat();
  }

  /** Whether the place that was taken is not the one that is wanted any more. */
  #isOff(wallMs: number, target: number, isPlaying: boolean, rate: number, isLead: boolean): boolean {
    if (!this.#seat.isTaken || !isPlaying) return Math.abs(this.#seat.wallMs - wallMs) > STILL_MS;
    return !isLead && Math.abs(target - this.video.currentTime) * 1000 > DRIFT_MS * Math.max(1, rate);
  }

  /** Go where we are to be, and play only from there. */
  #takeSeat(): void {
    const target = mediaAt(this.#pieces, this.#seat.wallMs);
    if (target === null) return;
    const seekS = this.#seat.seek(this.video, target);
    if (seekS !== null) {
      this.#frameS = null;
      this.video.currentTime = seekS;
    }
    // One that has ended would begin anew, with its oldest picture.
    const mayPlay = this.#plays && this.#seat.isTaken && !this.video.ended;
    if (mayPlay && this.video.paused) void this.video.play().catch(() => {});
    else if (!mayPlay && !this.video.paused) this.video.pause();
    this.#tell();
  }

  readonly #onSeeked = (): void => {
    if (!this.#isClosed && this.sight.value.state === "ready") this.#takeSeat();
  };

  #tell(): void {
    // A frame stands until the next: at rest it is the one of the moment that was sought, begun a little before.
    const wallMs = this.wallMs !== null && this.video.paused ? wallAt(this.#pieces, this.video.currentTime) : this.wallMs;
    if (wallMs !== null) this.shownMs.value = Math.floor(wallMs / 1000) * 1000;
  }

  #needsLoading(wallMs: number): boolean {
    const window = this.#window;
    if (window === null || wallMs < window.startMs || wallMs >= window.endMs) return true;
    if (this.sight.value.state === "unplayable" || !this.#isAtEnd(wallMs)) return false;
    if (this.#reachesPresent) return performance.now() - this.#loadedAt > (this.#isSettled ? RENEW_MS : SLOW_MS) && wallMs < siteClock.now() - 1_000;
    // What was asked for is played; there may be more after it.
    return this.video.ended && wallMs - this.#askedMs > EDGE_MS;
  }

  /** Whether all of the playlist is played, or all but what the browser keeps back. */
  #isAtEnd(wallMs: number): boolean {
    const last = this.#pieces.at(-1);
    if (last === undefined) return this.#hls === null;
    if (wallMs > last.wallMs + last.lengthS * 1000 - EDGE_MS) return true;
    return this.#seat.isTaken && this.#plays && (this.video.ended || this.video.currentTime > last.mediaS + last.lengthS - EDGE_MS / 1000);
  }

  /** Whether what was asked for is there, or known not to be. */
  get #isSettled(): boolean {
    return this.#hls === null || this.#seat.isTaken;
  }

  get #reachesPresent(): boolean {
    return this.#window !== null && this.#window.endMs > this.#loadedAtMs;
  }

  /** Whether this camera has nothing more, as far as was asked, and that is not because it is still recording. */
  #isSpent(wallMs: number): boolean {
    return this.#plays && this.video.ended && this.#seat.isTaken && !this.#reachesPresent && this.#isAtEnd(wallMs);
  }

  #load(wallMs: number): void {
    this.#unload();
    const now = siteClock.now();
    this.#loadedAt = performance.now();
    this.#loadedAtMs = now;
    this.#retryAt = this.#loadedAt + RETRY_MS;
    const window = { startMs: wallMs - BEFORE_MS, endMs: wallMs + AFTER_MS };
    this.#window = window;
    this.#askedMs = wallMs;
    this.#seat = new Seat(wallMs);
    // A new try that nobody sees succeed leaves the trouble in sight.
    if (!["gap", "failed"].includes(this.sight.value.state)) this.#say("loading");
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
      this.#pieces = piecesOf(data.details);
      if (this.sight.value.state === "failed") this.#say("loading");
      hls.startLoad(mediaAt(this.#pieces, this.#seat.wallMs) ?? 0);
    });
    // Where a fragment begins in the media is known for sure when it is there.
    hls.on(Hls.Events.LEVEL_PTS_UPDATED, (_name, data) => {
      if (this.#hls === hls) this.#pieces = piecesOf(data.details);
    });
    hls.on(Hls.Events.ERROR, (_name, data) => this.#onError(hls, data.fatal, data.details, data.response?.code));
    const span = `start=${new Date(window.startMs).toISOString()}&end=${new Date(window.endMs).toISOString()}`;
    hls.loadSource(`/api/v1/cameras/${encodeURIComponent(this.cameraId)}/playback.m3u8?${span}`);
    hls.attachMedia(this.video);
    this.#frames = new Frames(this.video, (mediaS) => {
      this.#frameS = mediaS;
      this.#tell();
    });
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
    } else if (this.#pieces.length === 0 && /Load(Error|TimeOut)$/.test(details)) {
      // The player still tries by itself; whoever waits for a picture is told that the first answer was no.
      this.sight.value = { state: "failed", codec: null, error: details };
    }
  }

  #unload(keepsWindow = false): void {
    const hls = this.#hls;
    if (hls !== null) this.keepStill();
    this.#hls = null;
    this.#frames?.close();
    this.#frames = null;
    this.#frameS = null;
    this.#pieces = [];
    if (!keepsWindow) this.#window = null;
    hls?.destroy();
  }

  #say(state: DeckState): void {
    if (this.sight.value.state !== state) this.sight.value = { state, codec: null, error: null };
  }
}

function piecesOf(details: LevelDetails): Piece[] {
  return details.fragments.map((fragment) => ({ mediaS: fragment.start, lengthS: fragment.duration, wallMs: fragment.programDateTime ?? 0 }));
}

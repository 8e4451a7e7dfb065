import { signal } from "@preact/signals";
import { siteClock } from "../state/clock";
import { client } from "../state/session";
import { mediaTrouble } from "../state/site";
import type { Phase } from "./ladder";
import { begin, phaseOf, step, type Ending, type Happening, type Inherited, type Machine, type TransportKind } from "./machine";
import { SocketTransport } from "./socket";
import { Scout } from "./scout";
import type { Transport, TransportEvents } from "./transport";
import { WebRtcTransport } from "./webrtc";
import { isWorthTrying } from "./webrtcMemory";

/** What a tile shows of its player. */
export interface Sighting {
  phase: Phase;
  /** Measured age of the picture in seconds, to a tenth; null when its time is not known. */
  delayS: number | null;
  /** When the picture last moved (site's clock, ms); null if there never was one. */
  pictureAt: number | null;
  /** Since when the picture stands still (site's clock, ms). */
  stillSince: number;
  retryInS: number | null;
  codec: string | null;
  /** The daemon shows its own picture instead of the camera's. */
  isPlaceholder: boolean;
  transport: TransportKind;
  /** The last answer was that the login is no longer good. */
  isSessionOver: boolean;
}

const TICK_MS = 250;
const players = new Set<Player>();
let ticker: ReturnType<typeof setInterval> | undefined;

let stopListening: (() => void) | undefined;

function everyTick(): void {
  for (const player of players) player.tick();
}

function onVisibility(): void {
  if (!document.hidden) for (const player of players) player.comeBack();
}

/** Whoever waits for a media server that was away tries at once when it is back. */
function listenToServer(): () => void {
  return mediaTrouble.subscribe((trouble) => {
    if (trouble === null) for (const player of players) player.serverIsUp();
  });
}

/**
 * Plays one path in one video element until closed, whatever happens to camera, media server or network.
 *
 * *keepStill* is called just before the element is emptied, so that the last picture can be kept in sight; *before* is what the
 * player of this tile before it saw, so that this picture's time is kept too.
 */
export class Player {
  readonly sighting = signal<Sighting>({
    phase: "starting",
    delayS: null,
    pictureAt: null,
    stillSince: siteClock.now(),
    retryInS: null,
    codec: null,
    isPlaceholder: false,
    transport: "hls",
    isSessionOver: false,
  });

  #machine: Machine;
  #transport: Transport | null = null;
  #scout: Scout | null = null;
  #frames = 0;
  #mediaTime = -1;
  #serial = 0;
  #isSessionOver = false;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly path: string,
    allowed: readonly TransportKind[],
    private readonly keepStill: () => void,
    better: TransportKind | null = null,
    before: Sighting | null = null,
  ) {
    this.#machine = begin(allowed, performance.now(), better, leftBy(before));
    players.add(this);
    if (ticker === undefined) {
      ticker = setInterval(everyTick, TICK_MS);
      document.addEventListener("visibilitychange", onVisibility);
      stopListening = listenToServer();
    }
    this.#happen({ kind: "start" });
  }

  close(): void {
    players.delete(this);
    if (players.size === 0) {
      clearInterval(ticker);
      ticker = undefined;
      document.removeEventListener("visibilitychange", onVisibility);
      stopListening?.();
    }
    this.#disconnect();
  }

  tick(): void {
    const transport = this.#transport;
    if (transport !== null) {
      transport.keepPace();
      if (transport.isQueued) this.#happen({ kind: "queued" });
      if (transport.isPlaceholder) this.#happen({ kind: "placeholder" });
      else this.#lookForMovement(transport);
    }
    this.#happen({ kind: "tick" });
  }

  comeBack(): void {
    this.#happen({ kind: "shown" });
  }

  serverIsUp(): void {
    this.#happen({ kind: "server up" });
  }

  #lookForMovement(transport: Transport): void {
    const frames = this.video.getVideoPlaybackQuality?.().totalVideoFrames ?? 0;
    const mediaTime = this.video.currentTime;
    // A hidden page decodes no pictures in some browsers; there the running clock has to do.
    const hasMoved = mediaTime !== this.#mediaTime && (frames !== this.#frames || document.hidden);
    this.#frames = frames;
    this.#mediaTime = mediaTime;
    if (!hasMoved || this.video.readyState < 2) return;
    const moment = transport.momentOnDisplay();
    const now = siteClock.now();
    this.#happen({
      kind: "moved",
      delayMs: moment === null ? null : Math.max(0, now - moment),
      pictureAt: moment ?? now,
    });
  }

  #happen(happening: Happening): void {
    const now = performance.now();
    const { machine, wishes } = step(this.#machine, happening, now);
    this.#machine = machine;
    for (const wish of wishes) {
      if (wish === "connect") void this.#connect();
      else if (wish === "disconnect") this.#disconnect();
      else if (wish === "scout") this.#sendScout();
      else if (wish === "adopt") this.#adopt();
      else this.#transport?.jumpToEdge();
    }
    if (machine.link === "waiting" && this.#transport !== null) this.#disconnect();
    this.#publish(now);
  }

  #sendScout(): void {
    // Nobody looks at a hidden page; and where it did not get through lately, not each tile has to find that out.
    if (document.hidden || !isWorthTrying()) {
      this.#happen({ kind: "scouted", found: "not tried" });
      return;
    }
    const scout = new Scout(`/whep/${encodeURIComponent(this.path)}`, (found) => {
      if (this.#scout !== scout) return;
      if (!found) this.#dismissScout();
      this.#happen({ kind: "scouted", found });
    });
    this.#scout = scout;
    scout.start();
  }

  /** Go over to what the scout found, with the last picture kept in sight in between. */
  #adopt(): void {
    const scout = this.#scout;
    if (scout === null) return;
    this.#scout = null;
    this.#disconnect();
    this.#transport = scout.adopt(this.video, this.#newEvents());
  }

  #dismissScout(): void {
    const scout = this.#scout;
    this.#scout = null;
    scout?.dismiss();
  }

  /** What the next transport calls; of one that is over nothing is heard. */
  #newEvents(): TransportEvents {
    this.#serial += 1;
    const serial = this.#serial;
    const isCurrent = (): boolean => serial === this.#serial;
    return {
      data: () => {
        if (!isCurrent()) return;
        this.#isSessionOver = false;
        this.#happen({ kind: "data" });
      },
      closed: (why: Ending) => {
        if (isCurrent()) this.#happen({ kind: "closed", why });
      },
      // The next answer of the API renews the login, or asks for one.
      sessionEnded: () => {
        this.#isSessionOver = true;
        void client.renew().then(
          () => {
            this.#isSessionOver = false;
            if (players.has(this)) this.comeBack();
          },
          () => {},
        );
      },
      unsupported: (codec: string) => {
        if (isCurrent()) this.#happen({ kind: "unsupported", codec });
      },
    };
  }

  async #connect(): Promise<void> {
    this.#disconnect();
    const events = this.#newEvents();
    const serial = this.#serial;
    if (this.#machine.transport === "ws") {
      this.#transport = new SocketTransport(this.video, socketUrl(this.path), events);
    } else if (this.#machine.transport === "webrtc") {
      this.#transport = new WebRtcTransport(this.video, `/whep/${encodeURIComponent(this.path)}`, events);
    } else {
      let playlist: typeof import("./playlist");
      try {
        playlist = await import("./playlist");
      } catch {
        // The daemon went away before this part of the console was ever loaded.
        events.closed("broken");
        return;
      }
      if (serial !== this.#serial) return;
      this.#transport = new playlist.PlaylistTransport(this.video, `/stream/${encodeURIComponent(this.path)}/index.m3u8`, events);
    }
    this.#transport.start();
  }

  #disconnect(): void {
    this.#serial += 1;
    this.#dismissScout();
    if (this.#transport === null) return;
    if (!this.#machine.isPlaceholder) this.keepStill();
    this.#transport.stop();
    this.#transport = null;
    this.#frames = 0;
    this.#mediaTime = -1;
  }

  #publish(now: number): void {
    const machine = this.#machine;
    const phase = phaseOf(machine, now);
    const stillMs = now - machine.movedAt;
    const delayMs = machine.delayMs === null ? null : machine.delayMs + (stillMs > 600 ? stillMs : 0);
    const next: Sighting = {
      phase,
      delayS: delayMs === null ? null : Math.round(delayMs / 100) / 10,
      pictureAt: machine.pictureAt,
      stillSince: this.sighting.value.stillSince,
      retryInS: machine.retryAt === null ? null : Math.max(0, Math.ceil((machine.retryAt - now) / 1000)),
      codec: machine.unplayable,
      isPlaceholder: machine.isPlaceholder,
      transport: machine.transport,
      isSessionOver: this.#isSessionOver,
    };
    const stillSince = Math.round((siteClock.now() - stillMs) / 1000) * 1000;
    if (Math.abs(stillSince - next.stillSince) >= 1_000) next.stillSince = stillSince;
    if (!isSame(this.sighting.value, next)) this.sighting.value = next;
  }
}

function leftBy(before: Sighting | null): Inherited | null {
  if (before === null || before.pictureAt === null) return null;
  return { pictureAt: before.pictureAt, movedAt: performance.now() - Math.max(0, siteClock.now() - before.pictureAt) };
}

function isSame(one: Sighting, other: Sighting): boolean {
  return (Object.keys(one) as (keyof Sighting)[]).every((key) => one[key] === other[key]);
}

function socketUrl(path: string): string {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  return `${scheme}//${location.host}/ws/live/${encodeURIComponent(path)}`;
}

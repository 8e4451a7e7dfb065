import { sayGoodbye } from "./goodbye";
import type { Ending } from "./machine";
import type { Transport, TransportEvents } from "./transport";
import { slowTurns } from "./turns";
import { forget, remember } from "./webrtcMemory";

/** Nothing arrived for so long after the server's answer: something keeps its UDP out, and HLS gets its turn. */
const FIRST_PACKET_MS = 4_000;
/** Packets come, and the first key frame is waited for: a camera sends one each few seconds. */
const FIRST_PICTURE_MS = 12_000;
/** A path on demand is opened first: the daemon answers within this time. */
const ANSWER_MS = 16_000;
/** An offer that waits so long for its answer steps back behind the others in the line: one camera that hangs holds up nobody else. */
const STEP_BACK_MS = 4_000;
const LOOK_MS = 500;

interface Problem {
  code?: string;
}

/** The part of RTCInboundRtpStreamStats that is looked at. */
interface Inbound {
  type: string;
  kind?: string;
  framesDecoded?: number;
  packetsReceived?: number;
}

/**
 * Live by WebRTC: the offer goes to the daemon (WHEP), pictures come straight from the media server.
 *
 * The pictures carry no time of their own, so nothing is said about their delay.
 */
export class WebRtcTransport implements Transport {
  readonly kind = "webrtc";
  readonly isPlaceholder = false;
  readonly #peer = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  readonly #asking = new AbortController();
  #session: string | null = null;
  #looking: ReturnType<typeof setInterval> | undefined;
  #answeredAt: number | null = null;
  #decoded = 0;
  #isStopped = false;
  #isQueued = true;
  #leaveLine: () => void = () => {};

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly url: string,
    private readonly events: TransportEvents,
  ) {}

  start(): void {
    const stream = new MediaStream();
    this.video.srcObject = stream;
    this.#peer.addTransceiver("video", { direction: "recvonly" });
    this.#peer.addTransceiver("audio", { direction: "recvonly" });
    this.#peer.ontrack = (event) => {
      // As near to now as it can be played; the browser's own buffer would follow the sound.
      if ("jitterBufferTarget" in event.receiver) event.receiver.jitterBufferTarget = 0;
      stream.addTrack(event.track);
      void this.video.play().catch(() => {});
    };
    this.#peer.onconnectionstatechange = () => {
      if (this.#peer.connectionState === "failed") this.#end("broken");
    };
    window.addEventListener("pagehide", this.#onLeaving);
    this.#leaveLine = slowTurns.take(() => {
      this.#isQueued = false;
      void this.#ask();
    });
  }

  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#leaveLine();
    clearInterval(this.#looking);
    window.removeEventListener("pagehide", this.#onLeaving);
    this.#asking.abort();
    this.#peer.close();
    this.#hangUp();
    this.video.srcObject = null;
  }

  get isQueued(): boolean {
    return this.#isQueued;
  }

  momentOnDisplay(): number | null {
    return null;
  }

  jumpToEdge(): void {
    // There is nothing but the edge; a page that comes back may have to be started again.
    if (this.video.paused) void this.video.play().catch(() => {});
  }

  keepPace(): void {}

  async #ask(): Promise<void> {
    const began = performance.now();
    const late = setInterval(() => {
      const waitedMs = performance.now() - began;
      if (waitedMs >= ANSWER_MS || (waitedMs >= STEP_BACK_MS && slowTurns.isWanted)) this.#asking.abort();
    }, LOOK_MS);
    try {
      const offer = await this.#peer.createOffer();
      await this.#peer.setLocalDescription(offer);
      const answer = await fetch(this.url, {
        method: "POST",
        credentials: "same-origin",
        headers: { "Content-Type": "application/sdp" },
        body: this.#peer.localDescription?.sdp ?? "",
        signal: this.#asking.signal,
      });
      if (answer.status !== 201) {
        await this.#refused(answer);
        return;
      }
      this.#session = answer.headers.get("Location");
      if (this.#isStopped) {
        this.#hangUp();
        return;
      }
      await this.#peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
      this.#answeredAt = performance.now();
      this.#looking = setInterval(() => void this.#look(), LOOK_MS);
    } catch {
      if (!this.#isStopped) this.#end("unavailable");
    } finally {
      clearInterval(late);
      this.#leaveLine();
    }
  }

  async #refused(answer: Response): Promise<void> {
    const problem = (await answer.json().catch(() => ({}))) as Problem;
    if (this.#isStopped) return;
    if (answer.status === 401) this.events.sessionEnded();
    // no_webrtc, whep_refused (a codec that WebRTC has not), too many sessions: HLS has it.
    const isForHls = ["no_webrtc", "whep_refused", "too_many_whep_sessions"].includes(problem.code ?? "");
    if (problem.code === "media_server_unavailable") this.#end("down");
    else this.#end(isForHls ? "absent" : answer.status === 503 ? "unavailable" : "broken");
  }

  /** Tell the player what arrives, and give up where no picture comes. */
  async #look(): Promise<void> {
    let decoded = 0;
    let packets = 0;
    (await this.#peer.getStats()).forEach((each: Inbound) => {
      if (each.type !== "inbound-rtp" || each.kind !== "video") return;
      decoded += each.framesDecoded ?? 0;
      packets += each.packetsReceived ?? 0;
    });
    if (this.#isStopped) return;
    const patienceMs = packets > 0 ? FIRST_PICTURE_MS : FIRST_PACKET_MS;
    if (decoded > this.#decoded) {
      if (this.#decoded === 0) forget();
      this.#decoded = decoded;
      this.events.data();
    } else if (decoded === 0 && performance.now() - (this.#answeredAt ?? 0) >= patienceMs) {
      this.#end("absent");
    }
  }

  #end(why: Ending): void {
    if (this.#isStopped) return;
    // The server was there, and no picture came through: a firewall, most likely, and so for each tile.
    if (this.#answeredAt !== null && this.#decoded === 0) {
      remember();
      why = "absent";
    }
    this.events.closed(why);
  }

  #hangUp(isLeaving = false): void {
    if (this.#session === null) return;
    sayGoodbye(this.#session, { isLeaving });
    this.#session = null;
  }

  readonly #onLeaving = (): void => this.#hangUp(true);
}

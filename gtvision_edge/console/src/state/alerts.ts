/** Readings and alerts as they come: over a socket, by asking while there is none. */
import { computed, effect, signal } from "@preact/signals";
import type { Alert, AlertPage, Detection, DetectionPage } from "../api/plates";
import { Problem } from "../api/problem";
import { playBell } from "../ui/bell";
import { gravestFirst, groupsOf, isUrgent } from "./alertOrder";
import { begun, EMPTY, heard, KEPT, parseMessage, pauseMs, polled, withAlert, type Feed } from "./feed";
import { read, write } from "./preferences";
import { client, loginState } from "./session";

const POLL_MS = 3_000;
/** Two heartbeats of the daemon and a little: a connection that is silent for longer is dead. */
const SILENCE_MS = 35_000;
const MOST_PENDING = 500;
const SESSION_ENDED = 4401;

export type FeedLink = "connecting" | "live" | "polling" | "down";

export const feed = signal<Feed>(EMPTY);
export const feedLink = signal<FeedLink>("connecting");
/** Why there is no socket: a close code, or what asking brought. */
export const feedTrouble = signal<unknown>(null);
export const pendingAlerts = computed(() => feed.value.pending);

/** The reading whose pictures came last, be it shown in the feed or not. */
export const pictured = signal<Detection | null>(null);

/** Put aside on this screen alone; who may not acknowledge has no other way to go on. */
export const hidden = signal<ReadonlySet<string>>(new Set());

/** What somebody has to act on: not what is only for information. */
export const urgentAlerts = computed(() => gravestFirst(pendingAlerts.value.filter(isUrgent)));

/** What interrupts on this screen, the gravest first. */
export const interrupting = computed(() => urgentAlerts.value.filter((alert) => !hidden.value.has(alert.alert_id)));

/** The same, as it is told: in a flood the passages of one plate are one. */
export const interruptingGroups = computed(() => groupsOf(interrupting.value));

export const isSoundOn = signal(read("gtv.alertSound") === "on");

/** Somebody pressed it, so the browser lets us be heard: the sound plays once, and it is known that it works. */
export function chooseSound(isOn: boolean): void {
  isSoundOn.value = isOn;
  write("gtv.alertSound", isOn ? "on" : "off");
  if (isOn) playBell();
}

export function hide(alert: Alert): void {
  hidden.value = new Set([...hidden.value, alert.alert_id]);
}

/** See to an alert. Throws what the daemon said; who comes second learns of the first. */
export async function acknowledge(alert: Alert, note: string): Promise<Alert> {
  const done = await client.post<Alert>(`/alerts/${encodeURIComponent(alert.alert_id)}/ack`, { note });
  feed.value = { ...feed.value, pending: withAlert(feed.value.pending, done) };
  return done;
}

/** Take one's own acknowledgements back, just after they were given; those alerts wait again, for everybody. Throws at the first that stands. */
export async function takeBack(alerts: readonly Alert[]): Promise<Alert[]> {
  const back: Alert[] = [];
  for (const alert of alerts) {
    const reopened = await client.delete<Alert>(`/alerts/${encodeURIComponent(alert.alert_id)}/ack`);
    feed.value = { ...feed.value, pending: withAlert(feed.value.pending, reopened) };
    back.push(reopened);
  }
  return back;
}

/**
 * See to those of *alerts* that still wait, one after another, all with the same note; return those that this did. Throws at the
 * first that fails; what was done is done.
 */
export async function acknowledgeAll(alerts: readonly Alert[], note: string): Promise<Alert[]> {
  const done: Alert[] = [];
  for (const alert of alerts) {
    if (!pendingAlerts.value.some((each) => each.alert_id === alert.alert_id)) continue;
    try {
      done.push(await acknowledge(alert, note));
    } catch (failure) {
      if (!isSeenTo(failure)) throw failure;
      forget(alert);
      if (alerts.length === 1) throw failure;
    }
  }
  return done;
}

/** Somebody was first, or it is gone: nothing is left to do. */
export function isSeenTo(failure: unknown): boolean {
  return failure instanceof Problem && ["already_acknowledged", "unknown_alert"].includes(failure.code);
}

/** Somebody else was first, or it is gone: it does not wait any more. */
export function forget(alert: Alert): void {
  feed.value = { ...feed.value, pending: feed.value.pending.filter((each) => each.alert_id !== alert.alert_id) };
}

/** Keep the feed current until the returned function is called. */
export function watchAlerts(): () => void {
  const link = new Link();
  void link.run();
  // For who looks at the page from outside: whether it is told at once, or asks.
  const stopMarking = effect(() => {
    document.documentElement.dataset.feed = feedLink.value;
  });
  return () => {
    stopMarking();
    link.stop();
  };
}

class Link {
  #isStopped = false;
  #socket: WebSocket | null = null;
  #wake: (() => void) | null = null;

  async run(): Promise<void> {
    document.addEventListener("visibilitychange", this.#onVisible);
    let attempt = 0;
    while (!this.#isStopped) {
      if (await this.#catchUp()) {
        // The page may have been left meanwhile: nobody would close the socket.
        if (this.#isStopped) return;
        const wasOpen = await this.#listen();
        attempt = wasOpen ? 1 : attempt + 1;
      } else attempt += 1;
      if (!this.#isStopped) await this.#pause(Math.min(attempt === 1 ? 1_000 : POLL_MS, pauseMs(attempt, Math.random())));
    }
  }

  stop(): void {
    this.#isStopped = true;
    document.removeEventListener("visibilitychange", this.#onVisible);
    this.#socket?.close();
    this.#wake?.();
  }

  #onVisible = (): void => {
    if (!document.hidden) this.#wake?.();
  };

  /** Ask for what was not heard; it also renews the session, which a socket cannot. */
  async #catchUp(): Promise<boolean> {
    try {
      if (loginState.value === "asking") return false;
      await (feed.value.cursor === null || feed.value.hasMissed ? this.#begin() : this.#ask(feed.value.cursor));
      if (feedLink.value === "down") feedLink.value = "polling";
      return true;
    } catch (error) {
      feedTrouble.value = error;
      feedLink.value = "down";
      return false;
    }
  }

  async #begin(): Promise<void> {
    // The first page carries the cursor, taken before anything else was read.
    const page = await client.get<AlertPage>("/alerts?acknowledged=false&limit=500");
    const readings = await client.get<DetectionPage>(`/detections?limit=${KEPT}`);
    feed.value = begun(page.since, page.items.slice(0, MOST_PENDING), readings.items);
  }

  async #ask(cursor: string): Promise<void> {
    const changed: Alert[] = [];
    let since = cursor;
    let isMore = true;
    while (isMore) {
      const page: AlertPage = await client.get<AlertPage>(`/alerts?since=${since}&limit=500`);
      if (page.missed) return this.#begin();
      changed.push(...page.items);
      isMore = page.next !== null;
      since = page.since;
    }
    const readings = await client.get<DetectionPage>(`/detections?limit=${KEPT}`);
    const before = new Set(feed.value.pending.map((alert) => alert.alert_id));
    feed.value = polled(feed.value, since, changed, readings.items);
    ring(feed.value.pending.find((alert) => !before.has(alert.alert_id)));
  }

  /** Listen until the connection ends; resolves whether it was one at all. */
  #listen(): Promise<boolean> {
    return new Promise((ended) => {
      const scheme = location.protocol === "https:" ? "wss" : "ws";
      const socket = new WebSocket(`${scheme}://${location.host}/ws/alerts?since=${feed.value.cursor ?? "0"}`);
      let silence: ReturnType<typeof setTimeout> | undefined;
      let wasOpen = false;
      const waitFor = (): void => {
        clearTimeout(silence);
        silence = setTimeout(() => socket.close(), SILENCE_MS);
      };
      waitFor();
      this.#socket = socket;
      socket.onmessage = (event: MessageEvent<string>) => {
        waitFor();
        const message = parseMessage(event.data);
        if (message === null) return;
        wasOpen = true;
        feedLink.value = "live";
        feedTrouble.value = null;
        const next = heard(feed.value, message);
        const isNews = next !== feed.value;
        feed.value = next;
        if (isNews && message.type === "detection_picture") pictured.value = message.detection;
        if (isNews && message.type === "alert") ring(message.alert);
        if (next.hasMissed) socket.close();
      };
      socket.onclose = (event) => {
        clearTimeout(silence);
        this.#socket = null;
        if (!this.#isStopped) {
          feedLink.value = "polling";
          feedTrouble.value = event.code === SESSION_ENDED ? null : event.code;
        }
        ended(wasOpen);
      };
    });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((done) => {
      const timer = setTimeout(done, ms);
      this.#wake = () => {
        clearTimeout(timer);
        done();
      };
    });
  }
}

function ring(alert: Alert | undefined): void {
  if (alert !== undefined && isSoundOn.value && isUrgent(alert)) playBell();
}

/** Readings of the feed that raised an alert which still waits, by the reading's id. */
export const pendingByReading = computed(() => new Map(pendingAlerts.value.map((alert): [string, Alert] => [alert.detection.detection_id, alert])));

/** The alert that waits for this reading's passage; null = none. */
export function pendingOf(detection: Detection): Alert | null {
  return pendingAlerts.value.find((alert) => alert.detection.passage_id === detection.passage_id) ?? null;
}

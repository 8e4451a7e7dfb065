/** What the feed has told, as a value: one message in, the next state out. No network, no clock. */
import type { Alert, Detection } from "../api/plates";

/** Readings that are kept to look at; older ones are found in the room Placas. */
export const KEPT = 60;

export interface Feed {
  /** To come back with: everything up to it is in here. null before the first answer. */
  cursor: string | null;
  /** The newest first. */
  readings: readonly Detection[];
  /** Alerts that nobody saw to yet, the newest first. */
  pending: readonly Alert[];
  /** Something was told that is no longer kept, or came from another database: read everything anew. */
  hasMissed: boolean;
}

export type FeedMessage =
  | { type: "hello"; cursor: string; missed: boolean; heartbeat_s: number }
  | { type: "heartbeat"; cursor: string }
  | { type: "detection" | "detection_picture"; cursor: string; detection: Detection }
  | { type: "alert" | "alert_acknowledged" | "alert_reopened"; cursor: string; alert: Alert };

export const EMPTY: Feed = { cursor: null, readings: [], pending: [], hasMissed: false };

/** *feed* after *message*. One that was heard already changes nothing: cursors only grow. */
export function heard(feed: Feed, message: FeedMessage): Feed {
  if (message.type === "hello" && message.missed) return { ...feed, hasMissed: true };
  if (feed.cursor !== null && Number(message.cursor) <= Number(feed.cursor)) return feed;
  const next = { ...feed, cursor: message.cursor };
  if (message.type === "detection") return { ...next, readings: withReading(feed.readings, message.detection) };
  if (message.type === "detection_picture") return { ...next, readings: withPictures(feed.readings, message.detection), pending: withPicturesOf(feed.pending, message.detection) };
  if (message.type === "alert" || message.type === "alert_acknowledged" || message.type === "alert_reopened") return { ...next, pending: withAlert(feed.pending, message.alert) };
  return next;
}

/** The state after everything was read anew: *cursor* was taken before both lists, so nothing can lie between. */
export function begun(cursor: string, pending: readonly Alert[], readings: readonly Detection[]): Feed {
  return { cursor, pending: newestFirst(pending), readings: readings.slice(0, KEPT), hasMissed: false };
}

/** *feed* after polling: what happened to alerts since, and the newest readings. */
export function polled(feed: Feed, since: string, changed: readonly Alert[], readings: readonly Detection[]): Feed {
  const pending = readings.reduce(withPicturesOf, changed.reduce(withAlert, feed.pending));
  const joined = [...readings].reverse().reduce(withReading, feed.readings);
  return { ...feed, cursor: since, pending, readings: joined };
}

/** An alert as it is now: seen to, it waits no longer. */
export function withAlert(pending: readonly Alert[], alert: Alert): readonly Alert[] {
  const others = pending.filter((each) => each.alert_id !== alert.alert_id);
  return alert.acknowledged === null ? newestFirst([alert, ...others]) : others;
}

function withReading(readings: readonly Detection[], detection: Detection): readonly Detection[] {
  const isTold = readings.some((each) => each.detection_id === detection.detection_id);
  return isTold ? withPictures(readings, detection) : [detection, ...readings].slice(0, KEPT);
}

/** *shown*, which was found by a search, with the pictures that *news* brought to those that wait for them; the very same where it brought none. */
export function withAwaited(shown: readonly Detection[], news: readonly Detection[]): readonly Detection[] {
  const waiting = new Set(shown.filter((each) => each.picture_state === "waiting").map((each) => each.detection_id));
  return news.filter((each) => waiting.has(each.detection_id)).reduce(withPictures, shown);
}

/** What was told before keeps its place when its pictures come: nothing moves under the pointer. What is not shown stays so. */
function withPictures(readings: readonly Detection[], detection: Detection): readonly Detection[] {
  return readings.some((each) => lacksPictures(each, detection)) ? readings.map((each) => (lacksPictures(each, detection) ? detection : each)) : readings;
}

/** Whether *shown* is *detection* before its pictures came, or before it was known why none will. */
function lacksPictures(shown: Detection, detection: Detection): boolean {
  return shown.detection_id === detection.detection_id && (shown.has_scene !== detection.has_scene || shown.has_plate_picture !== detection.has_plate_picture || shown.picture_state !== detection.picture_state || shown.anonymised !== detection.anonymised);
}

function withPicturesOf(pending: readonly Alert[], detection: Detection): readonly Alert[] {
  const lacks = ({ detection: shown }: Alert): boolean => lacksPictures(shown, detection);
  return pending.some(lacks) ? pending.map((alert) => (lacks(alert) ? { ...alert, detection } : alert)) : pending;
}

function newestFirst(alerts: readonly Alert[]): readonly Alert[] {
  return [...alerts].sort((one, other) => Date.parse(other.raised_at) - Date.parse(one.raised_at));
}

/** What a socket said; null for what this console does not know. */
export function parseMessage(text: string): FeedMessage | null {
  try {
    const message = JSON.parse(text) as { type?: unknown; cursor?: unknown };
    const isKnown = ["hello", "heartbeat", "detection", "detection_picture", "alert", "alert_acknowledged", "alert_reopened"].includes(String(message.type));
    return isKnown && typeof message.cursor === "string" ? (message as FeedMessage) : null;
  } catch {
    return null;
  }
}

/** How long to wait before the *attempt*-th try in a row (from 1): 1 s doubling to 15 s, and up to half of it more by *chance* (0 to 1). */
export function pauseMs(attempt: number, chance: number): number {
  return Math.min(15_000, 1_000 * 2 ** (attempt - 1)) * (1 + chance / 2);
}

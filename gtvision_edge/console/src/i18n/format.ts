import { locale, text } from ".";
import type { SiteStatus } from "../api/types";

/** A time that was never heard of is "—", never midnight. */
const UNKNOWN = "—";

type Instant = number | string | null | undefined;

function toMs(instant: Instant): number | null {
  if (instant === null || instant === undefined) return null;
  const ms = typeof instant === "number" ? instant : Date.parse(instant);
  return Number.isFinite(ms) ? ms : null;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: string, parts: "time" | "date" | "both"): Intl.DateTimeFormat {
  const key = `${locale.value}|${zone}|${parts}`;
  let format = formats.get(key);
  if (format === undefined) {
    const date = { day: "2-digit", month: "2-digit", year: "numeric" } as const;
    const time = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" } as const;
    const options: Intl.DateTimeFormatOptions =
      parts === "time" ? time : parts === "date" ? date : { ...date, ...time };
    const language = locale.value === "en" ? "en-GB" : "pt-BR";
    try {
      format = new Intl.DateTimeFormat(language, { ...options, timeZone: zone });
    } catch {
      format = new Intl.DateTimeFormat(language, { ...options, timeZone: "UTC" });
    }
    formats.set(key, format);
  }
  return format;
}

/** "22:41:07" in *zone*. */
export function timeOf(instant: Instant, zone: string): string {
  const ms = toMs(instant);
  return ms === null ? UNKNOWN : formatter(zone, "time").format(ms);
}

/** "24/11/2026 22:41:07" in *zone*. */
export function dateTimeOf(instant: Instant, zone: string): string {
  const ms = toMs(instant);
  return ms === null ? UNKNOWN : formatter(zone, "both").format(ms).replace(",", "");
}

/** The time alone for today, with the date before it otherwise. */
export function whenOf(instant: Instant, nowMs: number, zone: string): string {
  const ms = toMs(instant);
  if (ms === null) return UNKNOWN;
  const date = formatter(zone, "date");
  return date.format(ms) === date.format(nowMs) ? timeOf(ms, zone) : dateTimeOf(ms, zone);
}

/** "24/11/2026 22:27:10 → 22:36:35": the second date only where it is another. */
export function rangeOf(start: Instant, end: Instant, zone: string): string {
  const [from, until] = [dateTimeOf(start, zone), dateTimeOf(end, zone)];
  return `${from} → ${from.slice(0, 10) === until.slice(0, 10) ? timeOf(end, zone) : until}`;
}

/** "24/11/2026" in *zone*. */
export function dateOf(instant: Instant, zone: string): string {
  const ms = toMs(instant);
  return ms === null ? UNKNOWN : formatter(zone, "date").format(ms);
}

/** "9 min 25 s": to the second up to an hour, for it decides what a court gets to see. */
export function exactSpanOf(seconds: number): string {
  const whole = Math.round(seconds);
  const rest = whole % 60;
  return whole < 60 || rest === 0 || whole >= 3600 ? spanOf(whole) : `${Math.floor(whole / 60)} min ${rest} s`;
}

/** "12 s", "4 min", "3 h 20 min", "5 d": two figures at most. */
export function spanOf(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return UNKNOWN;
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  const days = Math.floor(hours / 24);
  return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`;
}

export function ageOf(instant: Instant, nowMs: number): string {
  const ms = toMs(instant);
  return ms === null ? UNKNOWN : spanOf((nowMs - ms) / 1000);
}

export function numberOf(value: number | null | undefined, digits = 0): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return UNKNOWN;
  return value.toLocaleString(locale.value, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Decimal units, as disks are sold. */
export function bytesOf(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined || !Number.isFinite(bytes)) return UNKNOWN;
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${numberOf(value, unit === 0 || value >= 100 ? 0 : 1)} ${units[unit]}`;
}

const CODECS: Record<string, string> = {
  h264: "H.264",
  h265: "H.265",
  hevc: "H.265",
  mjpeg: "MJPEG",
  av1: "AV1",
  aac: "AAC",
  pcm_alaw: "G.711A",
  pcm_mulaw: "G.711µ",
  pcma: "G.711A",
  pcmu: "G.711µ",
  opus: "Opus",
};

export function codecOf(codec: string | null | undefined): string {
  if (!codec) return UNKNOWN;
  return CODECS[codec.toLowerCase()] ?? codec;
}

/** "senha recusada pela câmera" for a code we know, the reason as it came otherwise. */
export function causeOf(reason: string | null | undefined): string | null {
  if (!reason) return null;
  return text.value.causes[reason] ?? reason;
}

/** What the media server is doing, in a word or two. */
export function mediaWord(server: SiteStatus["media_server"]): string {
  const t = text.value.health;
  if (!server || server.state === "unknown") return UNKNOWN;
  if (server.state === "up") return t.up;
  return text.value.mediaStates[server.error ?? ""] ?? t.down;
}

/** The same under a picture that lacks it: the sentence, and what to do, stand in the health room. */
export function mediaShort(code: string): string {
  return text.value.tile.media(text.value.mediaStates[code] ?? text.value.health.down);
}

import type { Profile } from "../../api/types";
import { text } from "../../i18n";
import { codecOf, numberOf } from "../../i18n/format";

const KNOWN_HEIGHTS: Record<number, string> = { 2160: "4K", 1440: "1440p", 1080: "1080p", 720: "720p", 480: "480p", 360: "360p" };

/** "H.264 1080p · 25 q/s": short, for a list. */
export function videoWords(profile: Profile | null): string {
  if (profile === null) return "—";
  const size = KNOWN_HEIGHTS[profile.height] ?? `${profile.width}×${profile.height}`;
  const rate = profile.fps === null ? "" : ` · ${text.value.cameras.fps(numberOf(profile.fps))}`;
  return `${codecOf(profile.codec)} ${size}${rate}`;
}

/** "H.265 · 2560×1440 · 20 q/s · chave a cada 8 s · áudio G.711": everything, for one camera. */
export function profileWords(profile: Profile): string {
  const t = text.value.cameras;
  const short = (value: number): string => numberOf(value, Number.isInteger(value) ? 0 : 1);
  return [
    codecOf(profile.codec),
    `${profile.width}×${profile.height}`,
    profile.fps === null ? null : t.fps(short(profile.fps)),
    profile.keyframe_interval_s === null ? null : t.keyEvery(`${profile.keyframe_interval_is_minimum ? "≥ " : ""}${short(profile.keyframe_interval_s)}`),
    profile.audio_codec ? t.audio(codecOf(profile.audio_codec)) : t.noAudio,
  ]
    .filter(Boolean)
    .join(" · ");
}

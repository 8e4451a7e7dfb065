import type { Camera, Profile, SiteStatus } from "../api/types";
import type { TransportKind } from "./machine";
import { isWorthTrying } from "./webrtcMemory";

export interface Choice {
  /** The path to play, or null when this browser can play none of the camera's streams. */
  path: string | null;
  /** The codec that stands in the way, when there is one. */
  blockedBy: string | null;
}

export type CanPlay = (codec: string) => boolean;

/** Ask the browser. A codec that is not known yet is worth an attempt. */
export const canPlay: CanPlay = (codec) => {
  const probe: Record<string, string> = {
    h264: 'video/mp4; codecs="avc1.64001f"',
    h265: 'video/mp4; codecs="hvc1.1.6.L120.90"',
    hevc: 'video/mp4; codecs="hvc1.1.6.L120.90"',
    av1: 'video/mp4; codecs="av01.0.04M.08"',
  };
  const mime = probe[codec.toLowerCase()];
  if (mime === undefined) return !["mjpeg", "mpeg4"].includes(codec.toLowerCase());
  return typeof MediaSource !== "undefined" && MediaSource.isTypeSupported(mime);
};

/** Choose the path for a tile: the sub stream in a mosaic, the main one when maximised, whatever plays first. */
export function choosePath(camera: Camera, isMaximised: boolean, plays: CanPlay = canPlay): Choice {
  const { main, sub } = camera.profiles;
  const isPlayable = (profile: Profile | null): boolean => profile === null || plays(profile.codec);
  // `live` is the sub stream where the camera has one, and the main stream where it has none.
  const isLivePlayable = isPlayable(sub ?? main);
  const isMainPlayable = isPlayable(main);
  if (isMaximised && isMainPlayable && main !== null) return { path: camera.paths.rec, blockedBy: null };
  if (isLivePlayable) return { path: camera.paths.live, blockedBy: null };
  if (isMainPlayable) return { path: camera.paths.rec, blockedBy: null };
  return { path: null, blockedBy: (sub ?? main)?.codec ?? null };
}

/** What to look for beside the picture while another way plays: WebRTC, where media server and browser have it. */
export function betterFor(status: SiteStatus | null, sound: string | null = null): TransportKind | null {
  const hasIt = typeof RTCPeerConnection !== "undefined";
  return hasIt && transportsFor(status, sound, true).includes("webrtc") ? "webrtc" : null;
}

/** What WebRTC can carry of a camera's sound. */
const WEBRTC_SOUND: ReadonlySet<string> = new Set(["opus", "pcma", "pcmu", "g711", "g722", "pcm_alaw", "pcm_mulaw"]);

/**
 * The ways to try, the preferred one first. MediaMTX has no WebSocket of fragments, but may have WebRTC; that one is
 * left out where its pictures did not get through lately, or where *sound* is wanted that it cannot carry.
 */
export function transportsFor(status: SiteStatus | null, sound: string | null = null, triesWebRtc = isWorthTrying()): readonly TransportKind[] {
  const server = status?.media_server;
  if (server?.kind !== "mediamtx") return ["ws", "hls"];
  const isSilentOrCarried = sound === null || WEBRTC_SOUND.has(sound.toLowerCase());
  return server.webrtc && triesWebRtc && isSilentOrCarried ? ["webrtc", "hls"] : ["hls"];
}

/**
 * Whether WebRTC got through from this page lately. Where a firewall keeps its UDP out, sixteen tiles must not each
 * wait for it at every change of the mosaic.
 */
const FORGOTTEN_AFTER_MS = 5 * 60_000;

let failedAt: number | null = null;

export function remember(now = performance.now()): void {
  failedAt = now;
}

export function forget(): void {
  failedAt = null;
}

export function isWorthTrying(now = performance.now()): boolean {
  return typeof RTCPeerConnection !== "undefined" && (failedAt === null || now - failedAt >= FORGOTTEN_AFTER_MS);
}

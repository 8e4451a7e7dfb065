import { describe, expect, it } from "vitest";
import type { SiteStatus } from "../api/types";
import { transportsFor } from "./choice";
import { begin, step, type Happening, type Machine } from "./machine";
import { forget, isWorthTrying, remember } from "./webrtcMemory";

function beside(webrtc: boolean, kind: "mediamtx" | "embedded" = "mediamtx"): SiteStatus {
  return { media_server: { kind, version: "v1.20.1", state: "up", webrtc } } as SiteStatus;
}

function after(machine: Machine, at: number, ...happenings: (Happening | "tick")[]): Machine {
  return happenings.reduce((now, each) => step(now, each === "tick" ? { kind: "tick" } : each, at, 0.5).machine, machine);
}

describe("the ways to a picture", () => {
  it("are WebRTC and then HLS where the media server has it, and never WebRTC where it has not", () => {
    expect(transportsFor(beside(true), null, true)).toEqual(["webrtc", "hls"]);
    expect(transportsFor(beside(false), null, true)).toEqual(["hls"]);
    expect(transportsFor(beside(false, "embedded"), null, true)).toEqual(["ws", "hls"]);
    expect(transportsFor(null, null, true)).toEqual(["ws", "hls"]);
  });

  it("leave WebRTC out where it did not get through, and for sound that it cannot carry", () => {
    expect(transportsFor(beside(true), null, false)).toEqual(["hls"]);
    expect(transportsFor(beside(true), "aac", true)).toEqual(["hls"]);
    expect(transportsFor(beside(true), "opus", true)).toEqual(["webrtc", "hls"]);
  });
});

describe("a tile by WebRTC", () => {
  it("goes to HLS at once when no picture gets through", () => {
    let machine = after(begin(["webrtc", "hls"], 0), 0, { kind: "start" });
    expect(machine.transport).toBe("webrtc");

    machine = after(machine, 4_500, { kind: "closed", why: "absent" });
    machine = after(machine, 5_200, "tick");

    expect([machine.transport, machine.link]).toEqual(["hls", "connecting"]);
  });

  it("waits for a camera that is away, and for a path on demand that takes its time", () => {
    let machine = after(begin(["webrtc", "hls"], 0), 0, { kind: "start" });
    machine = after(machine, 15_000, "tick");
    expect(machine.link).toBe("connecting");

    for (let round = 1; round <= 9; round += 1) {
      machine = after(machine, round * 20_000, { kind: "closed", why: "unavailable" });
      machine = after(machine, round * 20_000 + 10_000, "tick");
    }

    expect([machine.transport, machine.link]).toEqual(["webrtc", "connecting"]);
  });

  it("starts over when nothing arrives any more, without a time of its own being made up", () => {
    let machine = after(begin(["webrtc", "hls"], 0), 0, { kind: "start" });
    machine = after(machine, 1_000, { kind: "data" }, { kind: "moved", delayMs: null, pictureAt: 1_000 });
    expect(machine.delayMs).toBeNull();

    machine = after(machine, 7_100, "tick");
    expect([machine.transport, machine.link]).toEqual(["webrtc", "waiting"]);
  });
});

describe("the page's memory", () => {
  it("tries again after five minutes, or at once when a picture came", () => {
    expect(isWorthTrying(0)).toBe(typeof RTCPeerConnection !== "undefined");
    (globalThis as { RTCPeerConnection?: unknown }).RTCPeerConnection ??= class {};

    remember(1_000);
    expect(isWorthTrying(1_000 + 4 * 60_000)).toBe(false);
    expect(isWorthTrying(1_000 + 5 * 60_000)).toBe(true);
    forget();
    expect(isWorthTrying(2_000)).toBe(true);
  });
});

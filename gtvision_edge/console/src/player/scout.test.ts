import { describe, expect, it } from "vitest";
import { begin, phaseOf, step, type Happening, type Machine, type Wish } from "./machine";

/** A tile that plays by HLS where WebRTC did not get through. */
class Tile {
  machine: Machine = begin(["webrtc", "hls"], 0, "webrtc");
  readonly wishes: { at: number; wish: Wish }[] = [];

  constructor() {
    this.at(0, { kind: "start" }).at(4, { kind: "closed", why: "absent" }).at(6, { kind: "tick" });
  }

  at(seconds: number, happening: Happening): this {
    const { machine, wishes } = step(this.machine, happening, seconds * 1000, 0.5);
    this.machine = machine;
    this.wishes.push(...wishes.map((wish) => ({ at: seconds, wish })));
    return this;
  }

  plays(from: number, to: number): this {
    for (let at = from; at <= to; at += 0.25) {
      this.at(at, { kind: "data" }).at(at, { kind: "moved", delayMs: 4_000, pictureAt: at * 1000 - 4_000 }).at(at, { kind: "tick" });
    }
    return this;
  }

  when(wish: Wish): number[] {
    return this.wishes.filter((each) => each.wish === wish).map(({ at }) => at);
  }
}

describe("a tile that fell to HLS", () => {
  it("looks for WebRTC again while its picture goes on, and goes over once one came through", () => {
    const tile = new Tile().plays(7, 40);
    expect(tile.machine.transport).toBe("hls");
    expect(tile.when("scout")).toEqual([34]);

    tile.at(41, { kind: "scouted", found: true });

    expect(tile.when("adopt")).toEqual([41]);
    expect([tile.machine.transport, tile.machine.link, tile.machine.allowed[0]]).toEqual(["webrtc", "open", "webrtc"]);
    // Nothing was stopped for it: only the two connections of the beginning.
    expect(tile.when("connect")).toEqual([0, 6]);
    expect(tile.when("disconnect")).toEqual([]);
    expect(phaseOf(tile.machine, 41_100)).toBe("live");
  });

  it("looks twice as late each time, at last every ten minutes or so", () => {
    const tile = new Tile().plays(7, 34);
    const pauses: number[] = [];
    let now = 34;
    for (let round = 0; round < 7; round += 1) {
      tile.at(now + 5, { kind: "scouted", found: false });
      const next = tile.machine.scoutAt / 1000;
      pauses.push(next - now - 5);
      tile.plays(next, next);
      now = next;
    }

    expect(pauses).toEqual([60, 120, 240, 480, 600, 600, 600]);
    expect(tile.when("connect")).toEqual([0, 6]);
  });

  it("does not count a time when it could not look", () => {
    const tile = new Tile().plays(7, 34).at(35, { kind: "scouted", found: "not tried" });

    expect(tile.machine.scoutPauseMs).toBe(30_000);
    expect(tile.machine.scoutAt).toBe(65_000);
  });

  it("does not look while it has no picture, nor takes what was found after its connection broke", () => {
    const tile = new Tile();
    for (let at = 7; at < 60; at += 0.25) tile.at(at, { kind: "placeholder" }).at(at, { kind: "tick" });
    expect(tile.when("scout")).toEqual([]);

    tile.plays(60, 61).at(62, { kind: "closed", why: "broken" }).at(62.1, { kind: "scouted", found: true });

    expect(tile.when("adopt")).toEqual([]);
    expect(tile.machine.transport).toBe("hls");
  });

  it("never looks where WebRTC plays already, or is not to be had", () => {
    const webrtc = new Tile();
    webrtc.machine = begin(["webrtc", "hls"], 0, "webrtc");
    webrtc.at(0, { kind: "start" }).plays(1, 200);
    const hls = new Tile();
    hls.machine = begin(["hls"], 0, null);
    hls.at(0, { kind: "start" }).plays(1, 200);

    expect([...webrtc.when("scout"), ...hls.when("scout")]).toEqual([]);
  });
});

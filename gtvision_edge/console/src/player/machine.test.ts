import { describe, expect, it } from "vitest";
import { begin, phaseOf, retryDelay, step, type Happening, type Machine, type Wish } from "./machine";

const CHANCE = 0.5;

/** Runs a machine over happenings at given seconds and keeps what it wished for. */
class Story {
  machine: Machine = begin(["ws", "hls"], 0);
  wishes: Wish[] = [];

  at(seconds: number, happening: Happening | Happening["kind"]): this {
    const what = typeof happening === "string" ? ({ kind: happening } as Happening) : happening;
    const { machine, wishes } = step(this.machine, what, seconds * 1000, CHANCE);
    this.machine = machine;
    this.wishes.push(...wishes);
    return this;
  }

  playing(from: number, to: number, delayMs = 800): this {
    for (let at = from; at <= to; at += 0.25) {
      this.at(at, "data").at(at, { kind: "moved", delayMs, pictureAt: at * 1000 - delayMs }).at(at, "tick");
    }
    return this;
  }

  /** Ticks only: nothing arrives, nothing moves. */
  silence(from: number, to: number): this {
    for (let at = from; at <= to; at += 0.25) this.at(at, "tick");
    return this;
  }

  phase(seconds: number): string {
    return phaseOf(this.machine, seconds * 1000);
  }
}

describe("the ladder", () => {
  it("goes from live over late and recovering to lost as a picture grows old", () => {
    const story = new Story().at(0, "start").playing(0.5, 10);

    expect(story.phase(10)).toBe("live");
    expect(story.phase(11.9)).toBe("live");
    expect(story.phase(12.3)).toBe("late");
    expect(story.phase(14.3)).toBe("recovering");
    expect(story.phase(69.1)).toBe("recovering");
    expect(story.phase(69.3)).toBe("lost");
  });

  it("never calls an old picture live, even while it moves", () => {
    expect(new Story().at(0, "start").playing(1, 2, 3_500).phase(2)).toBe("late");
    expect(new Story().at(0, "start").playing(1, 2, 6_000).phase(2)).toBe("recovering");
  });

  it("lets HLS be as old as its segments make it, and says so", () => {
    const story = new Story();
    story.machine = begin(["hls"], 0);
    story.at(0, "start").playing(1, 2, 6_000);

    expect(story.phase(2)).toBe("late");
  });

  it("never calls a picture late that has no time of its own", () => {
    const story = new Story();
    story.machine = begin(["webrtc"], 0);
    story.at(0, "start").at(1, "data").at(1, { kind: "moved", delayMs: null, pictureAt: 1_000 });

    expect(story.phase(4.9)).toBe("live");
    expect(story.phase(6.1)).toBe("recovering");
  });

  it("is live again with the first new picture", () => {
    const story = new Story().at(0, "start").playing(0.5, 10).silence(10, 80);
    expect(story.phase(80)).toBe("lost");

    story.at(80, "start").at(80.2, "data").at(80.4, { kind: "moved", delayMs: 600, pictureAt: 79_800 });

    expect(story.phase(80.4)).toBe("live");
  });

  it("calls a picture lost a minute after its own time, not after it came here", () => {
    const story = new Story();
    story.machine = begin(["hls"], 0);
    story.at(0, "start").playing(0.5, 20, 12_000);

    expect(story.phase(66)).toBe("recovering");
    expect(story.phase(68.1)).toBe("lost");
  });

  it("keeps the time of the last picture over reconnects", () => {
    const story = new Story().at(0, "start").playing(0.5, 10).at(11, "closed").silence(11, 20);

    expect(story.machine.pictureAt).toBe(9_200);
  });
});

describe("what another player of the tile left in sight", () => {
  const inherited = (): Machine => begin(["webrtc"], 100_000, null, { pictureAt: 1_790_000_000_000, movedAt: 60_000 });

  it("keeps its time, and its age goes on", () => {
    const machine = step(inherited(), { kind: "start" }, 100_000, CHANCE).machine;

    expect(machine.pictureAt).toBe(1_790_000_000_000);
    expect(phaseOf(machine, 100_000)).toBe("recovering");
    expect(phaseOf(machine, 119_000)).toBe("recovering");
    expect(phaseOf(machine, 120_000)).toBe("lost");
  });

  it("gives way to the first picture of its own", () => {
    const started = step(inherited(), { kind: "start" }, 100_000, CHANCE).machine;
    const machine = step(started, { kind: "moved", delayMs: 500, pictureAt: 1_790_000_040_000 }, 100_500, CHANCE).machine;

    expect([phaseOf(machine, 100_600), machine.pictureAt]).toEqual(["live", 1_790_000_040_000]);
  });
});

describe("a media server that is down", () => {
  it("is asked ever more seldom, by the same way, and at once when it is back", () => {
    let machine = begin(["webrtc", "hls"], 0);
    machine = step(machine, { kind: "start" }, 0, CHANCE).machine;
    const pauses: number[] = [];
    let now = 0;
    for (let round = 0; round < 6; round += 1) {
      machine = step(machine, { kind: "closed", why: "down" }, now, CHANCE).machine;
      pauses.push(((machine.retryAt ?? 0) - now) / 1000);
      now = machine.retryAt ?? 0;
      machine = step(machine, { kind: "tick" }, now, CHANCE).machine;
    }
    expect(pauses).toEqual([4, 8, 16, 30, 30, 30]);
    expect(machine.transport).toBe("webrtc");

    machine = step(machine, { kind: "closed", why: "down" }, now, CHANCE).machine;
    const { machine: next, wishes } = step(machine, { kind: "server up" }, now + 10, CHANCE);

    expect([next.link, next.failures, wishes]).toEqual(["connecting", 0, ["connect"]]);
  });

  it("that is back disturbs no picture that moves", () => {
    const story = new Story().at(0, "start").playing(0.5, 3);
    const before = story.wishes.length;

    story.at(3.2, "server up");

    expect([story.machine.link, story.wishes.length]).toEqual(["open", before]);
  });
});

describe("the connection", () => {
  it("is opened again after it closes, for ever, with growing pauses up to a limit", () => {
    const story = new Story().at(0, "start");
    let now = 0;
    const pauses: number[] = [];
    for (let round = 0; round < 40; round += 1) {
      story.at(now, "closed");
      const { retryAt } = story.machine;
      expect(retryAt).not.toBeNull();
      pauses.push((retryAt ?? 0) - now * 1000);
      now = (retryAt ?? 0) / 1000;
      story.at(now, "tick");
      expect(story.machine.link).toBe("connecting");
    }

    expect(pauses[0]).toBe(500);
    expect(Math.max(...pauses)).toBe(6_000);
    expect(story.wishes.filter((wish) => wish === "connect")).toHaveLength(41);
  });

  it("gives up a connection that opens but stays silent", () => {
    const story = new Story().at(0, "start").playing(0.5, 5).silence(5, 12);

    expect(story.wishes).toContain("disconnect");
  });

  it("gives up a connection that never brings anything", () => {
    const story = new Story().at(0, "start").silence(0, 6.1);

    expect(story.machine.link).toBe("waiting");
  });

  it("jumps to the edge when data comes but the picture stands still, and starts over when that is no help", () => {
    const story = new Story().at(0, "start").playing(0.5, 5);
    for (let at = 5.25; at < 15; at += 0.25) story.at(at, "data").at(at, "tick");

    expect(story.wishes.slice(0, 3)).toEqual(["connect", "jump", "jump"]);
    expect(story.wishes).toContain("disconnect");
  });

  it("gives HLS its turn after two fruitless sockets, and the socket its turn again", () => {
    const story = new Story().at(0, "start").at(1, "closed");
    expect(story.machine.transport).toBe("ws");
    story.at(3, "tick").at(4, "closed");
    expect(story.machine.transport).toBe("hls");
    story.at(9, "tick").at(10, "closed").at(20, "tick").at(21, "closed");
    expect(story.machine.transport).toBe("ws");
  });

  it("keeps asking the socket for a camera that has no picture now: HLS would have none either", () => {
    const story = new Story().at(0, "start");
    for (let round = 1; round <= 9; round += 1) {
      story.at(round * 20, { kind: "closed", why: "unavailable" }).at(round * 20 + 15, "tick");
    }

    expect(story.machine.transport).toBe("ws");
  });

  it("goes to HLS at once when the server has no such socket, and stays while that is so", () => {
    const story = new Story().at(0, "start").at(1, { kind: "closed", why: "absent" });
    expect(story.machine.transport).toBe("hls");

    for (let round = 2; round <= 10; round += 1) story.at(round, "closed").at(round + 0.9, "tick");
    expect(story.machine.transport).toBe("hls");
  });

  it("comes back to a transport that the server has got meanwhile, and asks ever more seldom where it has not", () => {
    const story = new Story().at(0, "start").at(1, { kind: "closed", why: "absent" }).at(2, "tick").playing(2, 122);
    expect([story.machine.transport, story.machine.link]).toEqual(["ws", "connecting"]);

    story.at(122.5, { kind: "closed", why: "absent" }).at(126.5, "tick").playing(126.5, 360);
    expect(story.machine.transport).toBe("hls");
    story.playing(360, 370);
    expect([story.machine.transport, story.machine.link]).toEqual(["ws", "open"]);
    expect(story.machine.absences.ws).toBeUndefined();
  });

  it("does not count the time in the line of its own page as an attempt", () => {
    const story = new Story().at(0, "start");
    for (let at = 0.25; at <= 30; at += 0.25) story.at(at, "queued").at(at, "tick");

    expect([story.machine.transport, story.machine.link]).toEqual(["ws", "connecting"]);
  });

  it("does not take the server's own picture for the camera's", () => {
    const story = new Story().at(0, "start").playing(0.5, 5);
    for (let at = 5.25; at < 80; at += 0.25) story.at(at, "placeholder").at(at, "tick");

    expect(story.phase(79)).toBe("lost");
    expect(story.wishes).toEqual(["connect"]);
  });

  it("waits longer for a socket that has worked before it takes the slower way", () => {
    const story = new Story().at(0, "start").playing(0.5, 5);
    for (let round = 1; round <= 7; round += 1) story.at(round * 20, "closed").at(round * 20 + 15, "tick");
    expect(story.machine.transport).toBe("ws");

    story.at(300, "closed");

    expect(story.machine.transport).toBe("hls");
  });

  it("comes back from HLS to the socket after a while", () => {
    const story = new Story().at(0, "start").at(1, "closed").at(3, "tick").at(4, "closed").at(9, "tick");
    expect(story.machine.transport).toBe("hls");
    story.playing(10, 131);

    expect(story.machine.transport).toBe("ws");
  });

  it("forgets earlier failures once a picture moves", () => {
    const story = new Story().at(0, "start").at(1, "closed").at(3, "tick").playing(3, 4);

    expect(story.machine.failures).toBe(0);
  });

  it("jumps to the live edge when the tab is shown again", () => {
    const story = new Story().at(0, "start").playing(0.5, 3).at(60, "shown");

    expect(story.wishes.at(-1)).toBe("jump");
  });

  it("tries at once when the tab is shown while waiting", () => {
    const story = new Story().at(0, "start");
    for (let round = 1; round < 8; round += 1) story.at(round * 20, "closed").at(round * 20 + 15, "tick");
    story.at(200, "closed").at(200.1, "shown");

    expect(story.machine.link).toBe("connecting");
  });

  it("says so when the browser cannot play the codec, and looks again once a minute", () => {
    const story = new Story().at(0, "start").at(1, { kind: "unsupported", codec: "hvc1.1.6.L120.90" }).silence(1, 60);
    expect(story.phase(60)).toBe("unplayable");
    expect(story.wishes).toEqual(["connect", "disconnect"]);

    story.at(61, "tick");
    expect(story.machine.link).toBe("connecting");
    expect(story.phase(61)).toBe("unplayable");

    story.playing(62, 63);
    expect(story.phase(63)).toBe("live");
  });

  it("spreads tiles that failed together", () => {
    expect(retryDelay(3, 0)).toBeLessThan(retryDelay(3, 0.99));
    expect(retryDelay(3, 0)).toBeGreaterThan(0);
  });
});

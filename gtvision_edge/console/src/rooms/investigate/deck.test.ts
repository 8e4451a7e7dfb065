import { beforeEach, describe, expect, it, vi } from "vitest";
import { Problem } from "../../api/problem";
import { troublesOf } from "./LaneTroubles";

interface Heard {
  fatal?: boolean;
  details: string | object;
  response?: { code: number };
}

/** The player's side of the library: its events are given by the test. */
class FakeHls {
  static made: FakeHls[] = [];
  readonly levels = [];
  #heard = new Map<string, (name: string, data: Heard) => void>();
  constructor() {
    FakeHls.made.push(this);
  }
  on(name: string, listener: (name: string, data: Heard) => void): void {
    this.#heard.set(name, listener);
  }
  tell(name: string, data: Heard): void {
    this.#heard.get(name)?.(name, data);
  }
  startLoad(): void {}
  loadSource(): void {}
  attachMedia(): void {}
  destroy(): void {}
}

vi.mock("hls.js/light", () => ({
  default: Object.assign(FakeHls, {
    Events: { LEVEL_LOADED: "loaded", LEVEL_PTS_UPDATED: "pts", ERROR: "error" },
    ErrorDetails: { BUFFER_ADD_CODEC_ERROR: "codec", BUFFER_INCOMPATIBLE_CODECS_ERROR: "codecs", MANIFEST_INCOMPATIBLE_CODECS_ERROR: "manifestCodecs" },
  }),
}));

const { Deck } = await import("./deck");

const NOON = Date.parse("2026-11-25T15:00:00Z");

function stoppedVideo(): HTMLVideoElement {
  return Object.assign(new EventTarget(), { readyState: 0, seeking: false, currentTime: 0, paused: true, ended: false, playbackRate: 1, pause: () => {} }) as unknown as HTMLVideoElement;
}

describe("a recording that cannot be read", () => {
  beforeEach(() => {
    FakeHls.made = [];
    vi.stubGlobal("document", { hidden: false });
  });

  it("says so at the first refusal, not only when the player gives up", () => {
    const deck = new Deck(stoppedVideo(), "gate", () => {});
    deck.follow(NOON, false, 1, 0, true);
    expect(deck.sight.value.state).toBe("loading");

    FakeHls.made[0]?.tell("error", { fatal: false, details: "manifestLoadError", response: { code: 500 } });

    expect(deck.sight.value).toMatchObject({ state: "failed", error: "manifestLoadError" });
  });

  it("is not what the player mends by itself", () => {
    const deck = new Deck(stoppedVideo(), "gate", () => {});
    deck.follow(NOON, false, 1, 0, true);

    FakeHls.made[0]?.tell("error", { fatal: false, details: "levelEmptyError" });

    expect(deck.sight.value.state).toBe("loading");
  });

  it("goes on saying so while it is tried anew, until it is read", () => {
    const deck = new Deck(stoppedVideo(), "gate", () => {});
    deck.follow(NOON, false, 1, 0, true);
    FakeHls.made[0]?.tell("error", { fatal: true, details: "manifestLoadError", response: { code: 500 } });

    deck.follow(NOON, false, 1, 1, true);

    expect(FakeHls.made).toHaveLength(2);
    expect(deck.sight.value.state).toBe("failed");

    FakeHls.made[1]?.tell("loaded", { details: { fragments: [{ start: 0, duration: 10, programDateTime: NOON }] } });
    deck.follow(NOON, false, 1, 1, true);

    expect(deck.sight.value.state).toBe("ready");
  });
});

describe("the notes below the lanes", () => {
  const broken = new Problem(500, "internal_error", "", {});

  it("tell the same trouble of several cameras once, and different ones apart", () => {
    const gone = new Problem(404, "unknown_camera", "", {});

    const told = troublesOf([
      { name: "Portão", error: broken },
      { name: "Doca", error: null },
      { name: "Pátio", error: new Problem(500, "internal_error", "", {}) },
      { name: "Rua", error: gone },
    ]);

    expect(told).toEqual([
      { error: broken, names: ["Portão", "Pátio"] },
      { error: gone, names: ["Rua"] },
    ]);
  });
});

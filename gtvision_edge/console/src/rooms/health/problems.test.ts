import { describe, expect, test } from "vitest";
import type { Camera, SiteStatus } from "../../api/types";
import { grouped, problemsOf } from "./problems";

const site = (storage: Partial<NonNullable<SiteStatus["storage"]>>): SiteStatus => ({
  site: { id: "s1", name: "Portaria", timezone: "America/Sao_Paulo", now: "2026-01-01T00:00:00-03:00" },
  version: "1",
  cameras: { total: 0, recording: 0, online_not_recording: 0, offline: 0, unauthorized: 0, unknown: 0, disabled: 0 },
  viewers: 0,
  storage: { volume: "/rec", state: "present", error: null, total_bytes: 1000, free_bytes: 600, used_bytes: 400, ...storage },
  media_server: { kind: "embedded", version: "1", state: "up" },
  hub: null,
});

test("a volume that is there and has room is no problem", () => {
  expect(problemsOf(site({}), [])).toEqual([]);
});

test("a volume that is away is an alarm with its code", () => {
  const away = { state: "missing", error: "volume_missing", total_bytes: null, free_bytes: null, used_bytes: null } as const;
  expect(problemsOf(site(away), [])).toEqual([{ kind: "volume", tone: "alarm", code: "volume_missing", affected: 0 }]);
});

test("a full volume is one alarm, not also a disk that is filling up", () => {
  const full = { state: "full", error: "volume_full", free_bytes: 1, used_bytes: 999 } as const;
  expect(problemsOf(site(full), [])).toEqual([{ kind: "volume", tone: "alarm", code: "volume_full", affected: 0 }]);
});

test("what is wrong beside the media server is said too", () => {
  const finding = { code: "issuer_keys_gone", issuer: "https://hub.example", source: "/etc/hub.pem", kept: 0 };

  expect(problemsOf({ ...site({}), findings: [finding] }, [])).toEqual([{ kind: "finding", tone: "warn", finding }]);
});

test("ten cameras are said one by one, eleven alike as a count with a way to the list", () => {
  const camera = (n: number, state: string): Camera =>
    ({ camera_id: `cam${n}`, record: true, state: { state, since: "2026-11-25T00:00:00Z", reason: null } }) as unknown as Camera;
  const offline = (count: number): Camera[] => Array.from({ length: count }, (_, at) => camera(at, "offline"));

  expect(grouped(problemsOf(site({}), offline(10)))).toHaveLength(10);
  expect(grouped(problemsOf(site({}), [...offline(11), camera(99, "unauthorized")]))).toMatchObject([
    { kind: "group", of: "offline", state: "offline", count: 11 },
    { kind: "unauthorized" },
  ]);
});

describe("one cause", () => {
  const camera = (id: string, state: string, reason: string): Camera =>
    ({ camera_id: id, record: true, state: { state, since: "2026-11-25T00:00:00Z", reason } }) as unknown as Camera;
  const eight = Array.from({ length: 8 }, (_, at) => camera(`cam${at}`, "online_not_recording", "no_stream"));
  const away = (error: string): SiteStatus => ({ ...site({}), media_server: { kind: "mediamtx", version: "1", state: "down", error } });

  test("of all cameras is one problem, with how many it stops", () => {
    expect(problemsOf(away("media_server_unavailable"), eight)).toEqual([
      { kind: "media", tone: "alarm", code: "media_server_unavailable", affected: 8 },
    ]);
  });

  test("hides no camera that is in trouble of its own", () => {
    const gone = camera("cam08", "offline", "camera_unreachable");
    const busy = camera("cam09", "online_not_recording", "camera_busy");

    expect(problemsOf(away("media_server_unavailable"), [...eight, gone, busy]).map(({ kind }) => kind)).toEqual(["media", "offline", "not_recording"]);
  });

  test("that refuses us is told apart from one that is away", () => {
    expect(problemsOf(away("media_server_unauthorized"), [])).toMatchObject([{ code: "media_server_unauthorized" }]);
  });

  test("may be the disk", () => {
    const stopped = eight.map((each) => ({ ...each, state: { ...each.state, reason: "volume_missing" } }));

    expect(problemsOf(site({ state: "missing", error: "volume_missing" }), stopped)).toEqual([
      { kind: "volume", tone: "alarm", code: "volume_missing", affected: 8 },
    ]);
  });

  test("does not outlast itself: a camera that stands still without it is its own problem", () => {
    expect(problemsOf(site({}), eight)).toHaveLength(8);
  });
});

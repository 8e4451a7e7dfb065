import { expect, test } from "vitest";
import type { StorageReport } from "../../api/evidence";
import type { Camera, Finding, SiteStatus } from "../../api/types";
import { diskToneOf, grouped, problemsOf, roomOf } from "./problems";

const site = (storage: Partial<NonNullable<SiteStatus["storage"]>>): SiteStatus => ({
  site: { id: "s1", name: "Portaria", timezone: "America/Sao_Paulo", now: "2026-01-01T00:00:00-03:00" },
  version: "1",
  cameras: { total: 0, recording: 0, online_not_recording: 0, offline: 0, unauthorized: 0, unknown: 0, disabled: 0 },
  viewers: 0,
  storage: { volume: "/rec", state: "present", error: null, total_bytes: 1000, free_bytes: 600, used_bytes: 400, ...storage },
  media_server: { kind: "embedded", version: "1", state: "up" },
  uplink: null,
});

test("a volume that is there and has room is no problem", () => {
  expect(problemsOf(site({}), [])).toEqual([]);
});

const alarm = (code: string): Finding => ({ code, severity: "alarm" });

test("a volume that is away is one alarm, not also a disk without data", () => {
  const away = { state: "missing", error: "volume_missing", total_bytes: null, free_bytes: null, used_bytes: null } as const;
  const finding = alarm("volume_missing");
  expect(problemsOf({ ...site(away), findings: [finding] }, [])).toEqual([{ kind: "finding", tone: "alarm", finding, affected: 0 }]);
});

test("a media server that hangs is one problem however many cameras it keeps from being recorded", () => {
  const camera = (n: number, reason: string, record = true, state = "online_not_recording"): Camera =>
    ({ camera_id: `cam${n}`, record, state: { state, since: "2026-11-25T00:00:00Z", reason } }) as unknown as Camera;
  const finding = alarm("media_server_silent");
  const down = { ...site({}), findings: [finding] };
  const cameras = [1, 2, 3, 4].map((n) => camera(n, "media_server_silent"));

  const alone = [...cameras, camera(8, "camera_unreachable", true, "offline"), camera(9, "media_server_silent", false)];
  expect(problemsOf(down, alone)).toMatchObject([{ kind: "finding", affected: 4 }, { kind: "offline" }]);
  expect(problemsOf(site({}), cameras)).toHaveLength(4);
});

test("a warning hides no camera", () => {
  const finding = { code: "media_server_silent", severity: "warning" } as const;
  const camera = { camera_id: "c", record: true, state: { state: "online_not_recording", since: "", reason: finding.code } } as unknown as Camera;

  expect(problemsOf({ ...site({}), findings: [finding] }, [camera])).toHaveLength(2);
});

test("a full volume is one alarm, not also a disk that is filling up", () => {
  const full = { state: "full", error: "volume_full", free_bytes: 1, used_bytes: 999 } as const;
  const finding = alarm("volume_full");
  expect(problemsOf({ ...site(full), findings: [finding] }, [])).toEqual([{ kind: "finding", tone: "alarm", finding, affected: 0 }]);
});

test("what is wrong beside the media server is said too", () => {
  const finding = { code: "issuer_keys_gone", issuer: "https://hub.example", source: "/etc/hub.pem", kept: 0 };

  expect(problemsOf({ ...site({}), findings: [finding] }, [])).toEqual([{ kind: "finding", tone: "warn", finding, affected: 0 }]);
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

test("a path that the media server does not take is the camera's problem, an alarm where it is the recording's", () => {
  const camera = (path: string, code: string): Camera =>
    ({ camera_id: "cam1", record: true, state: { state: "recording", since: "", reason: null }, path_troubles: [{ path, code, since: "" }] }) as unknown as Camera;

  expect(problemsOf(site({}), [camera("rec", "media_server_refused")])).toMatchObject([{ kind: "path", tone: "alarm" }]);
  expect(problemsOf(site({}), [camera("live", "not_applied")])).toMatchObject([{ kind: "path", tone: "warn", trouble: { code: "not_applied" } }]);
  expect(problemsOf(site({}), [camera("rec", "volume_missing")])).toEqual([]);
});

const storage = (parts: { free?: number; daysLeft?: number | null; breaker?: "closed" | "open"; isShort?: boolean }): StorageReport =>
  ({
    volume: { free_bytes: parts.free ?? 600, used_bytes: 400, short_of_room: parts.isShort ?? false },
    thresholds: { reset_free_bytes: 100, trip_free_bytes: 50 },
    breaker: { state: parts.breaker ?? "closed" },
    forecast: { bytes_per_day: 10, holds_days: 30, days_left: parts.daysLeft ?? null },
  }) as unknown as StorageReport;

test("a disk that will do is no problem, one that gets short within days or comes near the guard is", () => {
  expect(problemsOf(site({}), [], storage({}))).toEqual([]);
  expect(problemsOf(site({}), [], storage({ daysLeft: 8 }))).toEqual([]);
  expect(problemsOf(site({}), [], storage({ daysLeft: 6.9 }))).toMatchObject([{ kind: "disk_short", daysLeft: 6.9 }]);
  expect(problemsOf(site({}), [], storage({ daysLeft: 0 }))).toMatchObject([{ kind: "disk_short", daysLeft: 0 }]);
  expect(problemsOf(site({}), [], storage({ free: 99 }))).toMatchObject([{ kind: "near_trip", tripFreeBytes: 50 }]);
  expect(problemsOf(site({}), [], storage({ free: 99, daysLeft: 0 }))).toMatchObject([{ kind: "near_trip" }]);
  expect(problemsOf(site({}), [], storage({ isShort: true }))).toMatchObject([{ kind: "only_held", tone: "alarm" }]);
});

test("a disk near its guard is one problem by its own thresholds, and none beside the alarm of an open guard", () => {
  const nearlyFull = { free_bytes: 60, used_bytes: 940 };
  expect(problemsOf(site(nearlyFull), [], storage({ free: 60 }))).toHaveLength(1);
  expect(problemsOf(site(nearlyFull), [], storage({ free: 60, breaker: "open" }))).toEqual([]);
  expect(problemsOf(site(nearlyFull), [], null)).toMatchObject([{ kind: "disk_full" }]);
});

test("the top of the page tells of the disk what the health room does, and of nothing else", () => {
  expect(diskToneOf(problemsOf(site({}), [], storage({})))).toBeNull();
  expect(diskToneOf(problemsOf(site({}), [], storage({ daysLeft: 6 })))).toBe("warn");
  expect(diskToneOf(problemsOf(site({}), [], storage({ isShort: true })))).toBe("alarm");
  expect(diskToneOf(problemsOf({ ...site({}), findings: [alarm("media_server_silent")] }, [], storage({})))).toBeNull();
});

test("a disk has one size, with the report of the volume and without", () => {
  // 271 GB of which the file system keeps 173 GB out of reach.
  const known = { total_bytes: 271e9, free_bytes: 73e9, used_bytes: 24.8e9 };

  expect(roomOf(known)).toEqual({ usedBytes: 24.8e9, roomBytes: 97.8e9 });
  expect(roomOf({ free_bytes: null, used_bytes: null })).toBeNull();
});

test("more than ten cameras that do not tell their readings are told as one, fewer each by itself", () => {
  const failing = (count: number): SiteStatus =>
    ({ ...site({}), findings: Array.from({ length: count }, (_, at) => ({ code: "plate_pull_failing", severity: "warning", camera_id: `cam${at}` })) });

  expect(grouped(problemsOf(failing(10), []))).toHaveLength(10);
  expect(grouped(problemsOf(failing(11), []))).toEqual([{ kind: "group", tone: "warn", of: "pull", count: 11 }]);
});

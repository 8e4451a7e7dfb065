import { describe, expect, it } from "vitest";
import type { Policies, WouldGo } from "../../../api/evidence";
import { text } from "../../../i18n";
import { camerasOfPurge, changesNothing, changesOf, draftOf, inSiteOrder, parseDays, parseQuota, sumOf } from "./rules";

const policies: Policies = {
  site: { retain_days: null, default_days: 30 },
  tenants: [{ tenant_id: "a", retain_days: 20, quota_bytes: 1.5e12 }],
  cameras: [{ camera_id: "cam01", camera_uuid: "u1", retain_days: 0 }],
  would_delete: null,
  over_quota: null,
  on_full: null,
};
const before = draftOf(policies, ["a", "b"], ["u1", "u2"]);

describe("rules of keeping, as they are edited", () => {
  it("begin with what holds; nothing typed is nothing changed", () => {
    expect(before.site).toBe("");
    expect(before.tenants.get("a")).toEqual({ days: "20", quota: "1500" });
    expect(before.cameras.get("u1")).toBe("0");
    expect(changesNothing(changesOf(before, before) ?? { site: { retain_days: 1 } })).toBe(true);
  });

  it("send only what was changed", () => {
    const draft = { ...before, site: "15", cameras: new Map([...before.cameras, ["u2", "7"]]) };
    expect(changesOf(before, draft)).toEqual({ site: { retain_days: 15 }, cameras: [{ camera: "u2", retain_days: 7 }] });
  });

  it("keep a tenant's quota when only its days change, and the other way round", () => {
    const days = { ...before, tenants: new Map([...before.tenants, ["a", { days: "10", quota: "1500" }]]) };
    const quota = { ...before, tenants: new Map([...before.tenants, ["b", { days: "", quota: "0,5" }]]) };

    expect(changesOf(before, days)).toEqual({ tenants: [{ tenant_id: "a", retain_days: 10, quota_bytes: 1.5e12 }] });
    expect(changesOf(before, quota)).toEqual({ tenants: [{ tenant_id: "b", retain_days: null, quota_bytes: 5e8 }] });
  });

  it("go back to the rule above when a field is emptied", () => {
    const draft = { ...before, cameras: new Map([...before.cameras, ["u1", " "]]) };
    expect(changesOf(before, draft)).toEqual({ cameras: [{ camera: "u1", retain_days: null }] });
  });

  it("are not sent with something that is no number", () => {
    for (const typed of ["3651", "-1", "1.5", "dez", "1e3"]) expect(parseDays(typed)).toBeUndefined();
    for (const typed of ["0", "-1", "um", "1,2,3", "0.0000000001"]) expect(parseQuota(typed)).toBeUndefined();
    expect(changesOf(before, { ...before, site: "dez" })).toBeNull();
  });
});

it("what would go is summed over cameras, from the first to the last of it", () => {
  const go = (segments: number, start: string | null, end: string | null): WouldGo => ({ camera_id: "c", camera_uuid: "u", name: "c", segments, bytes: segments * 10, start, end });

  expect(sumOf([go(2, "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"), go(1, "2026-01-01T12:00:00Z", "2026-01-01T13:00:00Z")])).toEqual({
    segments: 3,
    bytes: 30,
    start: "2026-01-01T12:00:00Z",
    end: "2026-01-03T00:00:00Z",
  });
  expect(sumOf([])).toEqual({ segments: 0, bytes: 0, start: null, end: null });
});

it("lists cameras as the rooms do, and removed ones last", () => {
  const stored = ["removed", "north", "gate"].map((uuid) => ({ camera_uuid: uuid }));
  const listed = ["gate", "dock", "north"].map((uuid) => ({ camera_uuid: uuid }));

  expect(inSiteOrder(stored, listed).map((each) => each.camera_uuid)).toEqual(["gate", "north", "removed"]);
});

it("tells of a deletion by its cameras, and of many by the first ones", () => {
  const of = (...names: (string | null)[]): string => text.value.purging.camerasOf(camerasOfPurge({ cameras: names.map((name) => ({ name, camera_id: "cam09" })) }));

  expect(of("Portão leste", "Portão leste")).toBe("Portão leste");
  expect(of("Portão", null)).toBe("Portão, cam09");
  expect(of("A", "B", "C", "D", "E")).toBe("A, B, C e mais 2");
});

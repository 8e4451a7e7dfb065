import { describe, expect, it } from "vitest";
import type { Alert, AlertLevel } from "../api/plates";
import { countsOf, groupsOf, isFlood, isUrgent, meantByKey } from "./alertOrder";

const NOON = Date.parse("2026-11-24T15:00:00Z");

function alert(id: string, level: AlertLevel, minute: number, watch = `w-${id}`): Alert {
  return {
    alert_id: id,
    watch_id: watch,
    level,
    reason: "furto, BO 2026/118442",
    raised_at: new Date(NOON + minute * 60_000).toISOString(),
    camera_id: "cam01",
    tenant_id: "default",
    detection: {} as Alert["detection"],
    acknowledged: null,
  };
}

const ids = (alerts: readonly Alert[]): string[] => alerts.map((each) => each.alert_id);

describe("alerts that wait", () => {
  it("come by level first and by time second", () => {
    const groups = groupsOf([alert("new-warning", "warning", 9), alert("old-critical", "critical", 1), alert("new-critical", "critical", 2)]);

    expect(groups.map(({ head }) => head.alert_id)).toEqual(["new-critical", "old-critical", "new-warning"]);
  });

  it("stay apart while they are few, also those of one plate", () => {
    const ten = Array.from({ length: 10 }, (_, at) => alert(String(at), "warning", at / 10, "same"));

    expect(isFlood(ten)).toBe(false);
    expect(groupsOf(ten)).toHaveLength(10);
  });

  it("are grouped by entry of the list when more than ten come in ten minutes", () => {
    const many = [...Array.from({ length: 9 }, (_, at) => alert(`a${at}`, "warning", at, "a")), alert("b", "critical", 0), alert("c", "warning", 9.5)];

    const groups = groupsOf(many);

    expect(groups.map(({ head, alerts }) => [head.alert_id, alerts.length])).toEqual([
      ["b", 1],
      ["c", 1],
      ["a8", 9],
    ]);
  });

  it("are no flood when they are spread over an hour", () => {
    expect(isFlood(Array.from({ length: 30 }, (_, at) => alert(String(at), "warning", at * 2)))).toBe(false);
  });

  it("are counted by level, the gravest first", () => {
    expect(countsOf([alert("1", "info", 0), alert("2", "critical", 0), alert("3", "critical", 1)])).toEqual([
      ["critical", 2],
      ["info", 1],
    ]);
  });

  it("are urgent unless they only inform or were seen to", () => {
    expect(isUrgent(alert("1", "critical", 0))).toBe(true);
    expect(isUrgent(alert("1", "info", 0))).toBe(false);
    expect(isUrgent({ ...alert("1", "critical", 0), acknowledged: { by: "ana", at: "", note: "" } })).toBe(false);
  });
});

describe("the key A", () => {
  const pending = [alert("other", "critical", 5), alert("shown", "warning", 1)];

  it("means the alert on the screen, never a newer or graver one", () => {
    expect(ids(meantByKey("shown", pending, groupsOf(pending)))).toEqual(["shown"]);
  });

  it("means none on the screen of an alert that waits no more", () => {
    expect(meantByKey("seen-to", pending, groupsOf(pending))).toEqual([]);
  });

  it("means the gravest elsewhere", () => {
    expect(ids(meantByKey(null, pending, groupsOf(pending)))).toEqual(["other"]);
    expect(meantByKey(null, [], [])).toEqual([]);
  });
});

import { describe, expect, it } from "vitest";
import type { Incident } from "../../api/evidence";
import type { AuditEntry } from "../../api/types";
import { momentOf, wallOf } from "../investigate/when";
import { covering } from "./covering";
import { footageOfAll, gathered } from "./gathering";
import { joined } from "./pages";
import { bundleBytes, fieldOf, footageWithin, wallOfField } from "./sizes";
import { camerasOf, csvOf, footageOf, trailPath } from "./trail";

const at = (seconds: number): string => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();
const ms = (seconds: number): number => Date.parse(at(seconds));

const incident = (gaps: [number, number][], recordedS: number): Incident =>
  ({
    start: at(0),
    end: at(1000),
    footage: { per_camera: [{ camera_uuid: "u1", recorded_s: recordedS, bytes: recordedS * 100, gaps: gaps.map(([start, end]) => ({ start: at(start), end: at(end) })) }] },
  }) as unknown as Incident;

describe("the size of an export before it begins", () => {
  it("is that of the incident's footage when all of it is wanted", () => {
    expect(footageWithin(incident([], 1000), ["u1"], ms(0), ms(1000))).toEqual({ bytes: 100_000, recordedS: 1000 });
  });

  it("leaves out what is missing and what another camera has", () => {
    expect(footageWithin(incident([[200, 300]], 900), ["u1"], ms(100), ms(400))).toEqual({ bytes: 20_000, recordedS: 200 });
    expect(footageWithin(incident([], 1000), ["u2"], ms(0), ms(1000)).bytes).toBe(0);
  });

  it("does not count what is yet to be recorded", () => {
    // Of the 1000 s only 400 lie in the past.
    expect(footageWithin(incident([], 400), ["u1"], ms(300), ms(900))).toEqual({ bytes: 10_000, recordedS: 100 });
  });

  it("of nothing is nothing, and of a bundle twice the footage and its papers", () => {
    expect(footageWithin(incident([[0, 1000]], 0), ["u1"], ms(0), ms(500)).bytes).toBe(0);
    expect(bundleBytes(1_000_000)).toBe(2_000_000 + 8 * 2 ** 20);
  });
});

describe("a field for date and time", () => {
  it("holds the site's wall clock and gives the same moment back", () => {
    const moment = Date.parse("2026-11-24T22:27:10Z");
    const field = fieldOf(wallOf(moment, "America/Manaus"));

    expect(field).toBe("2026-11-24T18:27:10");
    expect(momentOf(wallOfField(field) as never, "America/Manaus")).toBe(moment);
  });

  it("without seconds is at the full minute, and half typed is nothing", () => {
    expect(wallOfField("2026-11-24T18:27")).toMatchObject({ minute: 27, second: 0 });
    expect(wallOfField("2026-11-")).toBeNull();
  });
});

describe("a list that grows at its head", () => {
  it("takes the newer copy of an item and keeps the older pages", () => {
    const before = [{ id: 2, v: "old" }, { id: 1, v: "old" }];
    expect(joined([{ id: 3, v: "new" }, { id: 2, v: "new" }], before, (each) => each.id)).toEqual([
      { id: 3, v: "new" },
      { id: 2, v: "new" },
      { id: 1, v: "old" },
    ]);
  });
});

describe("who viewed and exported what", () => {
  const entry = (part: Partial<AuditEntry>): AuditEntry => ({ seq: 1, at: at(0), actor: { user_id: "u", name: "ana" }, address: "", action: "", subject: "", details: {}, ...part });

  it("asks the log only for views and exports, and only for what the filter lets through", () => {
    const query = new URLSearchParams(trailPath({ kind: "exports", person: "u7", camera: "cam01", startMs: ms(0), endMs: null }, 50).split("?")[1]);

    expect(Object.fromEntries(query)).toEqual({ action: "export.", actor: "u7", camera: "cam01", start: at(0), limit: "50" });
    const all = new URLSearchParams(trailPath({ kind: "all", person: "", camera: "", startMs: null, endMs: null }, 50).split("?")[1]);
    expect(all.get("action")).toBe("view.,footage.viewed,footage.view_ended,export.,plates.,watch.,alert.");
    const plates = new URLSearchParams(trailPath({ kind: "plates", person: "", camera: "", startMs: null, endMs: null }, 50).split("?")[1]);
    expect(plates.get("action")).toBe("plates.,watch.,alert.");
  });

  it("tells which footage and which cameras an entry is about", () => {
    const played = [{ start: at(0), end: at(9) }, { start: at(20), end: at(30) }];

    expect(footageOf(entry({ details: { start: at(0), end: at(5) } }))).toEqual([{ start: at(0), end: at(5) }]);
    expect(footageOf(entry({ details: { started: at(0), played } }))).toEqual(played);
    expect(footageOf(entry({ action: "view.ended", details: { path: "live/x", started: at(0), seconds: 90 } }))).toEqual([{ start: at(0), end: at(90) }]);
    expect(footageOf(entry({ details: { seconds: 3 } }))).toEqual([]);
    expect(camerasOf(entry({ subject: "camera:cam01" }))).toEqual(["cam01"]);
    expect(camerasOf(entry({ subject: "export:x", details: { cameras: ["cam01", "cam02"] } }))).toEqual(["cam01", "cam02"]);
  });

  it("leaves as a table in which nothing is taken for a formula", () => {
    expect(csvOf([["a", 'diz "oi"; e sai'], ["=1+1", "-2"]])).toBe('\ufeffa;"diz ""oi""; e sai"\r\n\'=1+1;\'-2\r\n');
  });
});

describe("the looks of one sitting", () => {
  const look = (seq: number, second: number, part: Partial<AuditEntry> = {}): AuditEntry => ({
    seq,
    at: at(second),
    actor: { user_id: "u", name: "ana" },
    address: "10.0.0.7",
    action: "footage.viewed",
    subject: "camera:cam01",
    details: { start: at(second), end: at(second + 10) },
    ...part,
  });
  const shape = (entries: AuditEntry[]): number[][] => gathered(entries).map((sitting) => sitting.entries.map((entry) => entry.seq));

  it("are one, also where others' looks and other cameras lie between them", () => {
    const other = look(4, 30, { actor: { user_id: "v", name: "rui" } });
    const cam02 = look(3, 20, { subject: "camera:cam02" });

    expect(shape([look(5, 40), other, cam02, look(2, 10, { action: "footage.view_ended" }), look(1, 0)])).toEqual([[5, 2, 1], [4], [3]]);
  });

  it("end with a pause of a quarter of an hour, and no entry is lost or doubled", () => {
    const entries = [look(4, 5000), look(3, 4100), look(2, 3201), look(1, 2301)];

    expect(shape(entries)).toEqual([[4], [3, 2], [1]]);
    expect(gathered(entries).flatMap((sitting) => sitting.entries)).toHaveLength(entries.length);
  });

  it("of live and of recorded pictures are two, and an export is always one by itself", () => {
    const exported = { action: "export.downloaded", subject: "export:x", details: { cameras: ["cam01"] } };

    expect(shape([look(4, 3, exported), look(3, 2, exported), look(2, 1, { action: "view.started" }), look(1, 0)])).toEqual([[4], [3], [2], [1]]);
  });

  it("say which footage was seen, what overlaps made one", () => {
    expect(footageOfAll([look(3, 100), look(2, 5), look(1, 0)])).toEqual([
      { start: at(0), end: at(15) },
      { start: at(100), end: at(110) },
    ]);
  });
});

describe("what an incident keeps already", () => {
  const held = (id: string, from: number, until: number, cameras: string[], released: unknown = null): Incident =>
    ({ incident_id: id, start: at(from), end: at(until), released, footage: { per_camera: cameras.map((camera_id) => ({ camera_id })) } }) as unknown as Incident;
  const found = (incidents: Incident[], cameras: string[], from: number, until: number): string | null => covering(incidents, cameras, ms(from), ms(until))?.incident_id ?? null;

  it("is exported of that incident: the newest that covers all of it", () => {
    const incidents = [held("new", 10, 50, ["cam01"]), held("old", 0, 100, ["cam01", "cam02"])];

    expect(found(incidents, ["cam01"], 10, 50)).toBe("new");
    expect(found(incidents, ["cam01"], 10, 60)).toBe("old");
    expect(found(incidents, ["cam02"], 20, 30)).toBe("old");
  });

  it("is none where a part, a camera or the hold is missing", () => {
    expect(found([held("a", 10, 50, ["cam01"])], ["cam01"], 5, 50)).toBeNull();
    expect(found([held("a", 10, 50, ["cam01"])], ["cam01", "cam02"], 10, 50)).toBeNull();
    expect(found([held("a", 10, 50, ["cam01"], { at: at(60) })], ["cam01"], 10, 50)).toBeNull();
    expect(found([held("a", 10, 50, ["cam01"])], [], 10, 50)).toBeNull();
  });
});

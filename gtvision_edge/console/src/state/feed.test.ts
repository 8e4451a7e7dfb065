import { describe, expect, it } from "vitest";
import type { Alert, Detection } from "../api/plates";
import { begun, EMPTY, heard, KEPT, parseMessage, pauseMs, polled, withAwaited } from "./feed";

function reading(id: string, more: Partial<Detection> = {}): Detection {
  return { detection_id: id, passage_id: id, placa: "RIO2A18", timestamp: "2026-11-24T22:41:05Z", ...more } as Detection;
}

function alert(id: string, raised: string, by: string | null = null): Alert {
  return { alert_id: id, raised_at: raised, detection: reading(`of ${id}`), acknowledged: by === null ? null : { by, at: raised, note: "" } } as Alert;
}

const detection = (cursor: string, each: Detection) => ({ type: "detection" as const, cursor, detection: each });
const ids = (feed: { readings: readonly Detection[] }): string[] => feed.readings.map((each) => each.detection_id);

describe("the feed", () => {
  it("puts the newest reading first and remembers where to go on", () => {
    const feed = heard(heard(EMPTY, detection("7", reading("a"))), detection("9", reading("b")));

    expect(ids(feed)).toEqual(["b", "a"]);
    expect(feed.cursor).toBe("9");
  });

  it("hears nothing twice, however a connection begins anew", () => {
    const feed = heard(EMPTY, detection("10", reading("a")));

    expect(heard(feed, detection("10", reading("a")))).toBe(feed);
    // As numbers: "9" comes before "10".
    expect(heard(feed, detection("9", reading("old")))).toBe(feed);
  });

  it("keeps a reading in its place when its pictures come", () => {
    const feed = [detection("1", reading("a")), detection("2", reading("b")), detection("3", reading("a", { has_scene: true }))].reduce(heard, EMPTY);

    expect(ids(feed)).toEqual(["b", "a"]);
    expect(feed.readings[1]?.has_scene).toBe(true);
  });

  it("shows pictures that come after their reading, also with the alert that waits, and lists no old reading because of them", () => {
    const raised = alert("x", "2026-11-24T22:41:05Z");
    const before = heard(heard(EMPTY, detection("1", reading("of x"))), { type: "alert", cursor: "2", alert: raised });
    const came = parseMessage(JSON.stringify({ type: "detection_picture", cursor: "3", detection: reading("of x", { has_plate_picture: true }) }));
    const ofOld = parseMessage(JSON.stringify({ type: "detection_picture", cursor: "4", detection: reading("old", { has_scene: true }) }));
    if (came === null || ofOld === null) throw new Error("the console does not know what pictures come with");

    const feed = heard(heard(before, came), ofOld);

    expect(feed.readings.map((each) => [each.detection_id, each.has_plate_picture])).toEqual([["of x", true]]);
    expect(feed.pending.map((each) => [each.alert_id, each.detection.has_plate_picture])).toEqual([["x", true]]);
    expect(feed.cursor).toBe("4");
  });

  it("brings late pictures to what a search found, each to its place, and changes nothing else", () => {
    const found = [reading("new", { picture_state: "waiting" }), reading("old", { picture_state: "waiting" }), reading("seen", { has_scene: true })];
    const news = [reading("old", { has_plate_picture: true }), reading("seen"), reading("of nobody", { has_scene: true })];

    const shown = withAwaited(found, news);

    expect(shown.map((each) => [each.detection_id, each.has_plate_picture, each.picture_state])).toEqual([
      ["new", undefined, "waiting"],
      ["old", true, undefined],
      ["seen", undefined, undefined],
    ]);
    expect(shown[2]).toBe(found[2]);
    expect(withAwaited(shown, news)).toBe(shown);
  });

  it("learns of pictures by asking, too", () => {
    const before = heard(EMPTY, { type: "alert", cursor: "2", alert: alert("x", "2026-11-24T22:41:05Z") });

    const feed = polled(before, "3", [], [reading("of x", { has_plate_picture: true })]);

    expect(feed.pending[0]?.detection.has_plate_picture).toBe(true);
  });

  it("keeps no more than it shows", () => {
    let feed = EMPTY;
    for (let n = 1; n <= KEPT + 20; n += 1) feed = heard(feed, detection(String(n), reading(`r${n}`)));

    expect(feed.readings.length).toBe(KEPT);
    expect(feed.readings[0]?.detection_id).toBe(`r${KEPT + 20}`);
  });

  it("lets an alert wait until somebody acknowledges it, here or elsewhere", () => {
    const raised = { type: "alert" as const, cursor: "4", alert: alert("x", "2026-11-24T22:41:05Z") };
    const waiting = heard(EMPTY, raised);
    expect(waiting.pending.map((each) => each.alert_id)).toEqual(["x"]);

    const over = heard(waiting, { type: "alert_acknowledged", cursor: "5", alert: alert("x", "2026-11-24T22:41:05Z", "Ana") });
    expect(over.pending).toEqual([]);
  });

  it("has an alert wait again whose acknowledgement was taken back", () => {
    const over = heard(EMPTY, { type: "alert_acknowledged", cursor: "5", alert: alert("x", "2026-11-24T22:41:05Z", "Ana") });
    const told = parseMessage(JSON.stringify({ type: "alert_reopened", cursor: "6", alert: alert("x", "2026-11-24T22:41:05Z") }));

    expect(told).not.toBeNull();
    expect(told && heard(over, told).pending.map((each) => each.alert_id)).toEqual(["x"]);
  });

  it("does not wait for an alert that was acknowledged before it was told", () => {
    const told = heard(EMPTY, { type: "alert", cursor: "4", alert: alert("x", "2026-11-24T22:41:05Z", "Ana") });

    expect(told.pending).toEqual([]);
  });

  it("goes on from a heartbeat, which passes over what others see", () => {
    expect(heard(EMPTY, { type: "heartbeat", cursor: "12" }).cursor).toBe("12");
  });

  it("asks to be read anew when something was missed, and is whole afterwards", () => {
    const before = begun("50", [], [reading("a")]);
    const missed = heard(before, { type: "hello", cursor: "3", missed: true, heartbeat_s: 15 });
    expect(missed.hasMissed).toBe(true);

    const anew = begun("3", [alert("x", "2026-11-24T22:41:05Z")], [reading("b")]);
    expect([anew.hasMissed, anew.cursor, ids(anew)]).toEqual([false, "3", ["b"]]);
  });

  it("takes from polling what a socket would have told", () => {
    const before = begun("5", [alert("x", "2026-11-24T22:00:00Z")], [reading("a")]);
    const after = polled(before, "9", [alert("x", "2026-11-24T22:00:00Z", "Ana"), alert("y", "2026-11-24T22:10:00Z")], [reading("c"), reading("b"), reading("a")]);

    expect(after.cursor).toBe("9");
    expect(ids(after)).toEqual(["c", "b", "a"]);
    expect(after.pending.map((each) => each.alert_id)).toEqual(["y"]);
  });

  it("shows the alert raised last first", () => {
    const feed = begun("5", [alert("old", "2026-11-24T21:00:00-03:00"), alert("new", "2026-11-25T00:30:00Z")], []);

    expect(feed.pending.map((each) => each.alert_id)).toEqual(["new", "old"]);
  });
});

describe("a message", () => {
  it("is read when it is one of the feed's", () => {
    expect(parseMessage('{"type":"heartbeat","cursor":"3"}')).toEqual({ type: "heartbeat", cursor: "3" });
  });

  it.each(["", "{", "null", '{"type":"of a later version","cursor":"3"}', '{"type":"alert"}'])("is passed over otherwise: %s", (text) => {
    expect(parseMessage(text)).toBeNull();
  });
});

it("waits longer after each failure, never for long", () => {
  expect([1, 2, 3, 4].map((attempt) => pauseMs(attempt, 0))).toEqual([1_000, 2_000, 4_000, 8_000]);
  expect(pauseMs(30, 1)).toBe(22_500);
});

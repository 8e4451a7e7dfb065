import { describe, expect, it } from "vitest";
import { csvAddress, hasPurpose, journeyPath, lacksCharacters, queryOf, searchPath, type Wanted } from "./search";
import { noteOf } from "./verdict";

const NOON = Date.parse("2026-11-24T15:00:00Z");
const ZONE = "America/Sao_Paulo";
const wanted = (some: Partial<Wanted> = {}): Wanted => ({ plate: "", purpose: "", camera: "", range: "today", startMs: null, endMs: null, ...some });
const query = (some: Partial<Wanted>): Record<string, string> => Object.fromEntries(queryOf(wanted(some), NOON, ZONE));

describe("a search", () => {
  it("of today begins at the site's midnight and has no end", () => {
    expect(query({})).toEqual({ start: "2026-11-24T03:00:00.000Z" });
  });

  it.each([
    ["week", "2026-11-18T03:00:00.000Z"],
    ["month", "2026-10-26T03:00:00.000Z"],
  ] as const)("of a %s counts today in", (range, start) => {
    expect(query({ range })).toEqual({ start });
  });

  it("takes the purpose along with a plate, and not without one", () => {
    expect(query({ plate: "rio?a*", purpose: " BO 45/2026 " })).toMatchObject({ placa: "RIO?A*", purpose: "BO 45/2026" });
    expect(query({ purpose: "BO 45/2026" })).not.toHaveProperty("purpose");
  });

  it("of a period has its ends", () => {
    expect(query({ range: "span", startMs: NOON - 60_000, endMs: NOON, camera: "cam01" })).toEqual({ start: "2026-11-24T14:59:00.000Z", end: "2026-11-24T15:00:00.000Z", camera: "cam01" });
  });

  it("reads a page at a time", () => {
    expect(searchPath(wanted(), NOON, ZONE)).toMatch(/^\/detections\?start=.*&limit=50$/);
  });

  it("needs a letter or a digit, where something is written", () => {
    expect(["", " ", "R*", "?1"].map(lacksCharacters)).toEqual([false, false, false, false]);
    expect(["*", "??", "-", " ç? ".replace("ç", "!")].map(lacksCharacters)).toEqual([true, true, true, true]);
  });

  it("needs a purpose worth the name", () => {
    expect([hasPurpose(""), hasPurpose("  BO  "), hasPurpose("BO 45")]).toEqual([false, false, true]);
  });
});

it("takes a table away for a purpose, with a plate or without", () => {
  expect(csvAddress(wanted({ purpose: "relatório" }), NOON, ZONE)).toContain("purpose=relat%C3%B3rio");
});

it("asks for a journey within the site's day", () => {
  const path = journeyPath("RIO2A18", "BO 45/2026", Date.parse("2026-11-25T02:59:00Z"), ZONE);

  expect(path).toContain("start=2026-11-24T03%3A00%3A00.000Z");
  expect(path).toContain("end=2026-11-25T03%3A00%3A00.000Z");
});

it("keeps the conclusion of an alert, and the remark where there is one", () => {
  expect([noteOf("Procede", " "), noteOf("Teste", " câmera nova ")]).toEqual(["Procede", "Teste: câmera nova"]);
});

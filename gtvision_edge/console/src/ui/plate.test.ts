import { describe, expect, it } from "vitest";
import { formOf, marksOf, searched, twinOf, vehicleOf, written } from "./plate";

describe("a plate", () => {
  it.each([
    ["RIO2A18", "mercosul"],
    ["RIO2018", "old"],
    ["RIOZA18", "other"],
    ["AB123CD", "other"],
  ])("%s has the form %s", (plate, form) => {
    expect(formOf(plate)).toBe(form);
  });

  it.each([
    ["RIO2A18", "RIO2018"],
    ["RIO2018", "RIO2A18"],
    ["ABC1J99", "ABC1999"],
    ["RIO2K18", null],
    ["AB123CD", null],
  ])("%s is also %s", (plate, twin) => {
    expect(twinOf(plate)).toBe(twin);
  });

  it("names one vehicle in both forms", () => {
    expect(vehicleOf("RIO2A18")).toBe(vehicleOf("RIO2018"));
    expect(vehicleOf("RIO2K18")).toBe("RIO2K18");
  });

  it("is written as people write it", () => {
    expect([written("RIO2018"), written("RIO2A18"), written("AB123CD")]).toEqual(["RIO-2018", "RIO2A18", "AB123CD"]);
  });

  it("marks the characters that a suggestion has otherwise, and none without one", () => {
    const doubtful = (plate: string, suggestions: string[]): string =>
      marksOf(plate, suggestions)
        .map(({ character, isDoubtful }) => (isDoubtful ? `[${character}]` : character))
        .join("");

    expect(doubtful("R102A18", ["RIO2A18"])).toBe("R[1][0]2A18");
    expect(doubtful("RIO2A18", [])).toBe("RIO2A18");
    expect(doubtful("RIO2A18", ["LONGER99"])).toBe("RIO2A18");
  });

  it("is searched for without marks, in capitals, with its wildcards", () => {
    expect(searched(" rio-2a*8? ")).toBe("RIO2A*8?");
    expect(searched("çé")).toBe("CE");
  });
});

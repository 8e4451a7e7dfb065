import { describe, expect, it } from "vitest";
import type { MosaicBody } from "../../api/types";
import { clearTile, fittingLayout, isSameMosaic, LAYOUTS, neighbour, placeCamera, relayout, seats, sequencePages, tilesOf, waitingCount } from "./mosaic";

const mosaic = (cameras: (string | null)[], layout: MosaicBody["layout"] = "2x2"): MosaicBody => ({ nome: "Entrada", layout, cameras });

describe("a mosaic", () => {
  it("fits any number of cameras into a layout that holds them", () => {
    for (let count = 0; count <= 16; count += 1) expect(tilesOf(fittingLayout(count))).toBeGreaterThanOrEqual(count);
    expect(fittingLayout(4)).toBe("2x2");
    expect(fittingLayout(5)).toBe("1+5");
    expect(fittingLayout(40)).toBe("4x4");
  });

  it("always has as many places as its layout has tiles", () => {
    for (const layout of LAYOUTS) expect(seats(["a"], layout)).toHaveLength(tilesOf(layout));
  });

  it("swaps two cameras when one is dropped onto the other", () => {
    expect(placeCamera(mosaic(["a", "b", null, null]), "a", 1).cameras).toEqual(["b", "a", null, null]);
  });

  it("never shows a camera twice because of a drop", () => {
    expect(placeCamera(mosaic(["a", "b", null, null]), "a", 3).cameras).toEqual([null, "b", null, "a"]);
  });

  it("keeps cameras in sight when the layout shrinks and tiles are free", () => {
    const small = relayout(mosaic([null, "b", null, null, "e", "f"], "1+5"), "2x2");

    expect(small.cameras).toEqual(["e", "b", "f", null]);
  });

  it("gives back every camera when a smaller layout was only tried", () => {
    const five = mosaic(["a", "b", "c", "d", "e", null], "1+5");
    const small = relayout(five, "2x2");

    expect(waitingCount(small)).toBe(1);
    expect(seats(small.cameras, small.layout)).toEqual(["a", "b", "c", "d"]);
    expect(isSameMosaic(relayout(small, "1+5"), five)).toBe(true);
    expect(relayout(relayout(relayout(five, "1x1"), "3x3"), "1+5").cameras.slice(0, 6)).toEqual(five.cameras);
  });

  it("keeps the waiting cameras while tiles are changed", () => {
    const small = relayout(mosaic(["a", "b", "c", "d", "e", null], "1+5"), "2x2");

    expect(placeCamera(small, "x", 1).cameras).toEqual(["a", "x", "c", "d", "e"]);
    expect(placeCamera(small, "e", 0).cameras).toEqual(["e", "b", "c", "d", "a"]);
    expect(relayout(clearTile(small, 2), "1+5").cameras).toEqual(["a", "b", null, "d", "e", null]);
  });

  it("is the same mosaic whether or not its empty tail is written out", () => {
    expect(isSameMosaic(mosaic(["a"]), mosaic(["a", null, null, null]))).toBe(true);
    expect(isSameMosaic(mosaic(["a"]), mosaic([null, "a"]))).toBe(false);
  });

  it("shows every camera once in a sequence", () => {
    const pages = sequencePages(["a", "b", "c", "d", "e"], "2x2");

    expect(pages).toEqual([["a", "b", "c", "d"], ["e", null, null, null]]);
  });

  it("stays inside when the arrows reach an edge", () => {
    expect(neighbour("2x2", 0, "ArrowUp")).toBe(0);
    expect(neighbour("2x2", 0, "ArrowDown")).toBe(2);
    expect(neighbour("2x2", 3, "ArrowRight")).toBe(3);
  });
});

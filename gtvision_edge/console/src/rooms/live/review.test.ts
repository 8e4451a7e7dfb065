import { describe, expect, it } from "vitest";
import { reviewHash } from "./review";
import { draft, inHand, selectedTile } from "./store";

describe("from live to the recording", () => {
  it("leads to the camera, one minute back, to the second", () => {
    expect(reviewHash("portao-leste", Date.parse("2026-11-29T12:01:30.700Z"))).toBe("#/investigate?c=portao-leste&t=2026-11-29T12%3A00%3A30Z");
  });

  it("takes the camera of the selected tile along, and none from an empty one", () => {
    draft.value = { nome: "Entrada", layout: "2x2", cameras: ["a", "b", null, null] };

    const taken = [null, 1, 2].map((tile) => {
      selectedTile.value = tile;
      return inHand.value;
    });

    expect(taken).toEqual([null, "b", null]);
    selectedTile.value = null;
    draft.value = null;
  });
});

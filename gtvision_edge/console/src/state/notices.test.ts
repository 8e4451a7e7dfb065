import { describe, expect, it } from "vitest";
import { deviceName, isFor, obstacle, placeOf } from "./notices";

describe("a notice that was pressed", () => {
  it("leads to a place of the console alone", () => {
    expect(placeOf({ kind: "open", place: "#/placas/alerta/1" })).toBe("#/placas/alerta/1");
    expect(placeOf({ kind: "open", place: "https://elsewhere.example/" })).toBeNull();
    expect(placeOf({ kind: "else", place: "#/live" })).toBeNull();
    expect(placeOf(null)).toBeNull();
    expect(placeOf("open")).toBeNull();
  });
});

describe("a device", () => {
  it("is called by browser and system until it has a name", () => {
    expect(deviceName("Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36")).toBe("Chrome · Android");
    expect(deviceName("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0")).toBe("Edge · Windows");
    expect(deviceName("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1")).toBe("Safari · iPhone");
    expect(deviceName("something else")).toBe("navegador");
  });

  it("is subscribed to this unit's key or to another's", () => {
    const made = new Uint8Array([251, 255, 0, 1]).buffer;

    expect(isFor("-_8AAQ", made)).toBe(true);
    expect(isFor("-_8AAg", made)).toBe(false);
    expect(isFor("-_8AAQ", null)).toBe(false);
  });

  it("needs a secure page first of all", () => {
    expect(obstacle()).toBe("insecure");
  });
});

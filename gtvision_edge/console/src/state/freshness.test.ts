import { describe, expect, it } from "vitest";
import { isOld } from "./freshness";
import { oldestTrouble, troubleWith, watched } from "./link";

describe("what is known of the site", () => {
  it("is the present between two answers, and no longer when several are missing", () => {
    expect(isOld(0, 12_000, false)).toBe(false);
    expect(isOld(0, 15_000, false)).toBe(true);
  });

  it("grows old sooner when it is known that answers fail", () => {
    expect(isOld(0, 5_000, true)).toBe(false);
    expect(isOld(0, 7_000, true)).toBe(true);
  });
});

describe("an answer that fails", () => {
  const failing = (): Promise<void> => watched("status", () => Promise.reject(new Error("500")));

  it("is remembered with the time of its first failure until it works again", async () => {
    await expect(failing()).rejects.toThrow("500");
    const first = troubleWith("status");
    await expect(failing()).rejects.toThrow("500");

    expect(troubleWith("status")?.since).toBe(first?.since);
    expect(oldestTrouble.value).not.toBeNull();

    await watched("status", () => Promise.resolve());

    expect(oldestTrouble.value).toBeNull();
  });
});

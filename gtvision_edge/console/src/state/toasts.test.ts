import { beforeEach, expect, it, vi } from "vitest";
import { say, toasts, undoLast } from "./toasts";

beforeEach(() => {
  vi.useFakeTimers();
  toasts.value = [];
});

it("undoes what was said last, once, and leaves what cannot be undone", () => {
  const undone: string[] = [];
  say("first", { undo: () => undone.push("first") });
  say("second", { undo: () => undone.push("second") });
  say("third");

  expect([undoLast(), undoLast(), undoLast()]).toEqual([true, true, false]);
  expect(undone).toEqual(["second", "first"]);
  expect(toasts.value.map((toast) => toast.words)).toEqual(["third"]);
});

it("undoes nothing once the time for it is over", () => {
  say("gone", { undo: () => expect.unreachable() });
  vi.advanceTimersByTime(10_001);

  expect(undoLast()).toBe(false);
});

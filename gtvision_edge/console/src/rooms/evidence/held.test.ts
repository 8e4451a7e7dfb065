import { beforeEach, expect, it } from "vitest";
import { text } from "../../i18n";
import { toasts } from "../../state/toasts";
import { isEmpty, sayHeld } from "./held";

beforeEach(() => {
  toasts.value = [];
});

it("says that there is nothing to keep, and stays longer", () => {
  sayHeld({ warnings: ["no_footage"] });

  expect(toasts.value.map(({ words, tone }) => [words, tone])).toEqual([[text.value.evidence.heldNothing, "alarm"]]);
});

it("says that footage is kept, also of a box that knows no warnings", () => {
  sayHeld({ warnings: [] });

  expect(toasts.value[0]?.words).toBe(text.value.investigate.heldDone);
  expect(isEmpty({})).toBe(false);
});

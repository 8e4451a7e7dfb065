import { expect, test } from "vitest";
import { recordedWords } from "./recorded";

test("the first minute of a recording is not told as nothing", () => {
  expect(recordedWords(0, true)).toBe("o primeiro arquivo está sendo gravado");
  expect(recordedWords(0, false)).toBe("0 B");
  expect(recordedWords(5_000_000, true)).toBe("5,0 MB");
});

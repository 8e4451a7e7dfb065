import { expect, test } from "vitest";
import { noteOf, verdictOfKey } from "./verdict";

test("the keys 1 to 4 choose a verdict, others none", () => {
  expect(["1", "2", "3", "4"].map(verdictOfKey)).toEqual(["real", "wrong", "test", "seen"]);
  expect(["0", "5", "a", "Enter", "12"].map(verdictOfKey)).toEqual([null, null, null, null, null]);
});

test("a note says the verdict first, then the remark", () => {
  expect(noteOf("Procede", "  viatura avisada ")).toBe("Procede: viatura avisada");
  expect(noteOf("Ciente", " ")).toBe("Ciente");
});

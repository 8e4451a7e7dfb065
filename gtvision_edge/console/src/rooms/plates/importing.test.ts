import { expect, test } from "vitest";
import type { ImportedLine } from "../../api/plates";
import { decoded, isOddLine, shownFirst } from "./importing";

test("a file is read as spreadsheets save it", () => {
  const words = "placa;motivo\nRIO2A18;furto na praça";
  const utf8 = new TextEncoder().encode(words);
  const windows = Uint8Array.from(words, (letter) => letter.charCodeAt(0));
  const utf16 = new Uint8Array(2 + words.length * 2);
  utf16.set([0xff, 0xfe]);
  [...words].forEach((letter, at) => utf16.set([letter.charCodeAt(0) & 0xff, letter.charCodeAt(0) >> 8], 2 + at * 2));

  expect([utf8, new Uint8Array([0xef, 0xbb, 0xbf, ...utf8]), windows, utf16].map(decoded)).toEqual([words, words, words, words]);
});

test("wrong lines stand first, then plates that are not Brazilian, then what changes something", () => {
  const line = (number: number, does: ImportedLine["does"], placa = "RIO2A18"): ImportedLine => ({ line: number, placa, does, reason: null, level: null, expires_at: null, faults: [] });
  const lines = [line(1, "nothing"), line(2, "add"), line(3, "fault"), line(4, "change"), line(5, "fault"), line(6, "add", "CMD"), line(7, "nothing", "CMD")];

  expect(shownFirst(lines).map((each) => each.line)).toEqual([3, 5, 6, 4, 2, 1, 7]);
  expect(lines.filter(isOddLine).map((each) => each.line)).toEqual([6]);
  expect(shownFirst(Array.from({ length: 900 }, (_, at) => line(at, "add")))).toHaveLength(200);
});

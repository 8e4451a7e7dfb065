/** Tables of plates that come as files. */
import type { ImportedLine } from "../../api/plates";
import { isOddPlate } from "../../ui/plate";

/** Bytes of a file; the daemon takes fewer letters than that. */
export const LARGEST = 800_000;
const MOST_SHOWN = 200;

/** The text of a file, as spreadsheets save it: UTF-8 or UTF-16 with a mark, or the old code page of Windows. */
export function decoded(bytes: Uint8Array): string {
  const mark = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : null;
  if (mark !== null) return new TextDecoder(mark).decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

/** Whether a line would put something on the list that no Brazilian car bears: a slip, or a foreign plate. */
export function isOddLine(line: ImportedLine): boolean {
  return (line.does === "add" || line.does === "change") && isOddPlate(line.placa);
}

/** The lines to look at: wrong ones first, then odd ones, then what changes something; each kind in its order, and not thousands. */
export function shownFirst(lines: readonly ImportedLine[]): ImportedLine[] {
  const rank = { fault: 0, change: 2, add: 3, nothing: 4 };
  const rankOf = (line: ImportedLine): number => (isOddLine(line) ? 1 : rank[line.does]);
  return [...lines].sort((one, other) => rankOf(one) - rankOf(other) || one.line - other.line).slice(0, MOST_SHOWN);
}

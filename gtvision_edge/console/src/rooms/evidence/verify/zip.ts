/**
 * What a bundle's zip holds, if it is built as ours are.
 *
 * A zip can show one thing to one reader and another to the next; so entries are stored as they are, under plain names, each
 * once, and fill the file from its first byte to the table of contents.
 */

export interface Entry {
  path: string;
  offset: number;
  size: number;
}

export class OddZip extends Error {
  constructor(
    readonly kind: "not_zip" | "odd_zip",
    /** Which file; "" is the zip as a whole. */
    readonly path = "",
  ) {
    super(`${kind}: ${path}`);
  }
}

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.:-]*(\/[A-Za-z0-9_][A-Za-z0-9_.:-]*){0,3}$/;
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i;
const MAX_FILES = 200_000;
const MAX_TABLE = 128 * 2 ** 20;
const END = 22;
const WIDE = 0xffff_ffff;
const REGULAR = 0o100644 * 2 ** 16;

export async function readZip(file: Blob): Promise<Map<string, Entry>> {
  const { start, count, end } = await findTable(file);
  if (count > MAX_FILES || end - start > MAX_TABLE) throw new OddZip("odd_zip");
  const table = await viewOf(file, start, end - start);
  const entries = new Map<string, Entry>();
  const seen = new Set<string>();
  let at = 0;
  let position = 0;
  for (let n = 0; n < count; n += 1) {
    if (at + 46 > table.byteLength || table.getUint32(at) !== 0x504b0102) throw new OddZip("odd_zip");
    const found = readHead(table, at);
    if (seen.has(found.path.toLowerCase())) throw new OddZip("odd_zip", found.path);
    seen.add(found.path.toLowerCase());
    // Ours are listed in the order in which they lie, without a byte between them.
    if (found.headerOffset !== position) throw new OddZip("odd_zip", found.path);
    const offset = await contentOffset(file, table, at, found);
    position = offset + found.size;
    entries.set(found.path, { path: found.path, offset, size: found.size });
    at += found.length;
  }
  if (position !== start || at !== table.byteLength) throw new OddZip("odd_zip");
  return entries;
}

/** Where the table of contents lies; the records at its end must say nothing else. */
async function findTable(file: Blob): Promise<{ start: number; count: number; end: number }> {
  if (file.size < END) throw new OddZip("not_zip");
  const tail = await viewOf(file, file.size - END, END);
  if (tail.getUint32(0) !== 0x504b0506) throw new OddZip("not_zip");
  if (tail.getUint16(4, true) !== 0 || tail.getUint16(6, true) !== 0 || tail.getUint16(20, true) !== 0) throw new OddZip("odd_zip");
  const [here, count] = [tail.getUint16(8, true), tail.getUint16(10, true)];
  const [length, start] = [tail.getUint32(12, true), tail.getUint32(16, true)];
  if (here !== count) throw new OddZip("odd_zip");
  const wideEnd = file.size - END - 20;
  const locator = wideEnd >= 56 ? await viewOf(file, wideEnd, 20) : null;
  if (locator?.getUint32(0) === 0x504b0607) {
    const at = Number(locator.getBigUint64(8, true));
    if (locator.getUint32(4, true) !== 0 || locator.getUint32(16, true) !== 1 || at + 56 !== wideEnd) throw new OddZip("odd_zip");
    const record = await viewOf(file, at, 56);
    const wide = (offset: number): number => Number(record.getBigUint64(offset, true));
    const isOurs =
      record.getUint32(0) === 0x504b0606 && wide(4) === 44 && record.getUint32(16, true) === 0 && record.getUint32(20, true) === 0 &&
      wide(24) === wide(32) && wide(48) + wide(40) === at &&
      [wide(32), 0xffff].includes(count) && [wide(40), WIDE].includes(length) && [wide(48), WIDE].includes(start);
    if (!isOurs) throw new OddZip("odd_zip");
    return { start: wide(48), count: wide(32), end: at };
  }
  if (start + length !== file.size - END) throw new OddZip("odd_zip");
  return { start, count, end: start + length };
}

interface Head {
  path: string;
  size: number;
  headerOffset: number;
  length: number;
}

function readHead(table: DataView, at: number): Head {
  const short = (offset: number): number => table.getUint16(at + offset, true);
  const long = (offset: number): number => table.getUint32(at + offset, true);
  const [nameLength, extraLength] = [short(28), short(30)];
  if (at + 46 + nameLength + extraLength > table.byteLength) throw new OddZip("odd_zip");
  const path = latin(table, at + 46, nameLength);
  if (!NAME.test(path) || path.includes("..") || path.split("/").some((part) => DEVICE.test(part))) throw new OddZip("odd_zip", path);
  const isOurs =
    [20, 45].includes(short(6)) && short(4) === 3 * 256 + short(6) && (short(8) & ~0x0800) === 0 && short(10) === 0 &&
    short(32) === 0 && short(34) === 0 && short(36) === 0 && long(38) === REGULAR;
  if (!isOurs) throw new OddZip("odd_zip", path);
  let [packed, size, headerOffset] = [long(20), long(24), long(42)];
  let extra = at + 46 + nameLength;
  const extraEnd = extra + extraLength;
  if (extraLength > 0) {
    if (extraLength < 12 || table.getUint16(extra, true) !== 1 || table.getUint16(extra + 2, true) !== extraLength - 4) throw new OddZip("odd_zip", path);
    extra += 4;
    const take = (): number => {
      if (extra + 8 > extraEnd) throw new OddZip("odd_zip", path);
      extra += 8;
      return Number(table.getBigUint64(extra - 8, true));
    };
    if (size === WIDE) size = take();
    if (packed === WIDE) packed = take();
    if (headerOffset === WIDE) headerOffset = take();
    if (extra !== extraEnd) throw new OddZip("odd_zip", path);
  }
  if (packed !== size) throw new OddZip("odd_zip", path);
  return { path, size, headerOffset, length: 46 + nameLength + extraLength };
}

/** Compare the file's own header with the table of contents; return where its content begins. */
async function contentOffset(file: Blob, table: DataView, at: number, { path, size, headerOffset }: Head): Promise<number> {
  const head = await viewOf(file, headerOffset, 30, path);
  const [nameLength, extraLength] = [head.getUint16(26, true), head.getUint16(28, true)];
  const rest = await viewOf(file, headerOffset + 30, nameLength + extraLength, path);
  const sameShorts = [
    [4, 6], [6, 8], [8, 10], [10, 12], [12, 14],
  ].every(([mine, theirs]) => head.getUint16(mine as number, true) === table.getUint16(at + (theirs as number), true));
  const isOurs =
    head.getUint32(0) === 0x504b0304 && sameShorts && head.getUint32(14, true) === table.getUint32(at + 16, true) &&
    [size, WIDE].includes(head.getUint32(18, true)) && [size, WIDE].includes(head.getUint32(22, true)) && latin(rest, 0, nameLength) === path &&
    (extraLength === 0 || (extraLength === 20 && rest.getUint32(nameLength) === 0x01001000 && Number(rest.getBigUint64(nameLength + 4, true)) === size && Number(rest.getBigUint64(nameLength + 12, true)) === size));
  if (!isOurs) throw new OddZip("odd_zip", path);
  return headerOffset + 30 + nameLength + extraLength;
}

async function viewOf(file: Blob, offset: number, length: number, path = ""): Promise<DataView> {
  if (offset < 0 || offset + length > file.size) throw new OddZip("odd_zip", path);
  return new DataView(await file.slice(offset, offset + length).arrayBuffer());
}

function latin(view: DataView, at: number, length: number): string {
  return String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + at, length));
}

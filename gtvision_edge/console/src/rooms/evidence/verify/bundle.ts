import { Sha256, toHex } from "./sha256";
import { BadSignature, canCheckSignatures, fingerprintOf, verifySshsig } from "./sshsig";
import { OddZip, readZip, type Entry } from "./zip";

export type FaultKind =
  | "not_zip"
  | "odd_zip"
  | "missing"
  | "changed"
  | "unlisted"
  | "odd_list"
  | "bad_signature"
  | "odd_signature"
  | "other_signer"
  | "wrong_key"
  | "unreadable";

export interface Fault {
  /** The file; "" is the bundle as a whole. */
  path: string;
  kind: FaultKind;
}

export interface Verdict {
  faults: Fault[];
  /** Of the key that signed; null = no good signature, or this browser cannot check any. */
  fingerprint: string | null;
  canCheckSignatures: boolean;
  files: number;
  bytes: number;
}

const SUMS = "SHA256SUMS";
const SEAL = "LACRE.sha256";
const FORM = "termo.pdf";
const MANIFEST = "manifest.json";
const SIGNED = [SUMS, SEAL] as const;
const NOT_IN_SUMS = new Set([SUMS, `${SUMS}.sig`, SEAL, `${SEAL}.sig`, FORM]);
const REQUIRED = [...NOT_IN_SUMS, MANIFEST, "history.json", "readings.json", "LEIA-ME.txt", "chave-publica.pub"];
const LINE = /^([0-9a-f]{64}) {2}([^\u0000-\u001f]+)$/;
const PIECE = 4 * 2 ** 20;
/** So much is handed to the browser's own SHA-256 at once; it is quicker, but needs it all in memory. */
const AT_ONCE = 32 * 2 ** 20;
const MAX_TEXT = 64 * 2 ** 20;

/** Compare a bundle with its own signed list, and name each file that is not what was signed. Nothing leaves the browser. */
export async function verifyBundle(file: Blob, onRead: (bytes: number) => void = () => {}): Promise<Verdict> {
  const verdict: Verdict = { faults: [], fingerprint: null, canCheckSignatures: await canCheckSignatures(), files: 0, bytes: file.size };
  const blame = (path: string, kind: FaultKind): void => {
    if (!verdict.faults.some((each) => each.path === path && each.kind === kind)) verdict.faults.push({ path, kind });
  };
  try {
    await verify(file, verdict, blame, onRead);
  } catch (error) {
    if (error instanceof OddZip) blame(error.path, error.kind);
    // The file went away or changed while it was read.
    else if (error instanceof DOMException) blame("", "unreadable");
    else throw error;
  }
  return verdict;
}

type Blame = (path: string, kind: FaultKind) => void;

async function verify(file: Blob, verdict: Verdict, blame: Blame, onRead: (bytes: number) => void): Promise<void> {
  const entries = await readZip(file);
  verdict.files = entries.size;
  for (const path of REQUIRED) if (!entries.has(path)) blame(path, "missing");
  const signers = verdict.canCheckSignatures ? await checkSignatures(file, entries, blame) : [];
  if (new Set(signers).size > 1) blame(`${SEAL}.sig`, "other_signer");
  verdict.fingerprint = signers[0] ?? null;
  const sums = await readList(file, entries, SUMS, blame);
  const seal = await readList(file, entries, SEAL, blame);
  if (entries.has(SEAL) && [...seal.keys()].sort().join() !== [SUMS, FORM].sort().join()) blame(SEAL, "odd_list");
  for (const [path, expected] of [...seal, ...sums]) {
    const entry = entries.get(path);
    if (entry === undefined) blame(path, "missing");
    else if ((await digestOf(file, entry, onRead)) !== expected) blame(path, "changed");
  }
  for (const path of entries.keys()) if (!sums.has(path) && !NOT_IN_SUMS.has(path)) blame(path, "unlisted");
  if (verdict.fingerprint !== null && sums.has(MANIFEST)) await checkKeyOfManifest(file, entries, verdict.fingerprint, blame);
}

async function checkSignatures(file: Blob, entries: Map<string, Entry>, blame: Blame): Promise<string[]> {
  const signers: string[] = [];
  for (const name of SIGNED) {
    const [content, signature] = [entries.get(name), entries.get(`${name}.sig`)];
    if (content === undefined || signature === undefined) continue;
    try {
      const armoured = new TextDecoder().decode(await bytesOf(file, signature));
      signers.push(await fingerprintOf(await verifySshsig(armoured, await bytesOf(file, content))));
    } catch (error) {
      if (!(error instanceof BadSignature)) throw error;
      blame(error.kind === "odd_signature" ? `${name}.sig` : name, error.kind);
    }
  }
  return signers;
}

async function readList(file: Blob, entries: Map<string, Entry>, name: string, blame: Blame): Promise<Map<string, string>> {
  const sums = new Map<string, string>();
  const entry = entries.get(name);
  if (entry === undefined) return sums;
  const lines = new TextDecoder().decode(await bytesOf(file, entry)).split("\n");
  if (lines.at(-1) === "") lines.pop();
  for (const line of lines) {
    const [, digest, path] = LINE.exec(line) ?? [];
    if (digest === undefined || path === undefined || sums.has(path)) blame(name, "odd_list");
    else sums.set(path, digest);
  }
  return sums;
}

async function checkKeyOfManifest(file: Blob, entries: Map<string, Entry>, fingerprint: string, blame: Blame): Promise<void> {
  const entry = entries.get(MANIFEST);
  if (entry === undefined) return;
  try {
    const manifest = JSON.parse(new TextDecoder().decode(await bytesOf(file, entry))) as { key?: { fingerprint?: unknown } };
    if (manifest.key?.fingerprint !== fingerprint) blame(MANIFEST, "wrong_key");
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    blame(MANIFEST, "wrong_key");
  }
}

async function digestOf(file: Blob, { offset, size }: Entry, onRead: (bytes: number) => void): Promise<string> {
  if (size <= AT_ONCE && globalThis.crypto?.subtle !== undefined) {
    const digest = await crypto.subtle.digest("SHA-256", await file.slice(offset, offset + size).arrayBuffer());
    onRead(size);
    return toHex(new Uint8Array(digest));
  }
  const sum = new Sha256();
  for (let at = 0; at < size; at += PIECE) {
    const piece = new Uint8Array(await file.slice(offset + at, offset + Math.min(size, at + PIECE)).arrayBuffer());
    sum.update(piece);
    onRead(piece.length);
  }
  return sum.hex();
}

async function bytesOf(file: Blob, { path, offset, size }: Entry): Promise<Uint8Array<ArrayBuffer>> {
  if (size > MAX_TEXT) throw new OddZip("odd_zip", path);
  return new Uint8Array(await file.slice(offset, offset + size).arrayBuffer());
}

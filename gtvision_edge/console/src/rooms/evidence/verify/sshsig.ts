/** SSH signatures by Ed25519 keys (OpenSSH's PROTOCOL.sshsig). */

const MAGIC = new TextEncoder().encode("SSHSIG");
const NAMESPACE = "gtvision-evidence";
const HASHES: Record<string, string> = { sha256: "SHA-256", sha512: "SHA-512" };

export class BadSignature extends Error {
  constructor(readonly kind: "odd_signature" | "bad_signature") {
    super(kind);
  }
}

/** Whether this browser, on this page, can check such signatures at all. */
export async function canCheckSignatures(): Promise<boolean> {
  if (globalThis.crypto?.subtle === undefined) return false;
  try {
    // RFC 8032, 7.1, test 1.
    const key = Uint8Array.from("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a".match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
    return true;
  } catch {
    return false;
  }
}

/** The key that signed *message*, as SSH writes it; throws BadSignature when none did. */
export async function verifySshsig(armoured: string, message: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const { blob, key, namespace, hash, raw } = parse(dearmoured(armoured));
  if (namespace !== NAMESPACE) throw new BadSignature("bad_signature");
  const digest = new Uint8Array(await crypto.subtle.digest(HASHES[hash] as string, message));
  const encoder = new TextEncoder();
  const signed = joined(MAGIC, string(encoder.encode(namespace)), string(new Uint8Array()), string(encoder.encode(hash)), string(digest));
  const publicKey = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
  if (!(await crypto.subtle.verify({ name: "Ed25519" }, publicKey, raw, signed))) throw new BadSignature("bad_signature");
  return blob;
}

/** "SHA256:…", as ssh-keygen prints it. */
export async function fingerprintOf(blob: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", blob));
  return `SHA256:${btoa(String.fromCharCode(...digest)).replace(/=+$/, "")}`;
}

/** The signature's file stands in no list of hashes: it must be written the one way we write it. */
function dearmoured(armoured: string): Uint8Array<ArrayBuffer> {
  const lines = armoured.split("\n");
  const body = lines.slice(1, -2);
  if (lines[0] !== "-----BEGIN SSH SIGNATURE-----" || lines.at(-2) !== "-----END SSH SIGNATURE-----" || lines.at(-1) !== "") throw new BadSignature("odd_signature");
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = Uint8Array.from(atob(body.join("")), (letter) => letter.charCodeAt(0));
  } catch {
    throw new BadSignature("odd_signature");
  }
  const tidy = (btoa(String.fromCharCode(...bytes)).match(/.{1,70}/g) ?? []).join("\n");
  if (tidy !== body.join("\n")) throw new BadSignature("odd_signature");
  return bytes;
}

interface Signature {
  blob: Uint8Array<ArrayBuffer>;
  key: Uint8Array<ArrayBuffer>;
  namespace: string;
  hash: string;
  raw: Uint8Array<ArrayBuffer>;
}

function parse(data: Uint8Array<ArrayBuffer>): Signature {
  const decoder = new TextDecoder();
  const isOurs = decoder.decode(data.subarray(0, 6)) === "SSHSIG" && new DataView(data.buffer).byteLength >= 10 && new DataView(data.buffer).getUint32(6) === 1;
  if (!isOurs) throw new BadSignature("odd_signature");
  const [blob, namespace, reserved, hash, signature] = strings(data.subarray(10), 5) as [Bytes, Bytes, Bytes, Bytes, Bytes];
  const [keyType, key] = strings(blob, 2) as [Bytes, Bytes];
  const [signatureType, raw] = strings(signature, 2) as [Bytes, Bytes];
  const types = [keyType, signatureType].map((each) => decoder.decode(each));
  if (types.some((each) => each !== "ssh-ed25519") || key.length !== 32 || reserved.length !== 0) throw new BadSignature("odd_signature");
  const hashName = decoder.decode(hash);
  if (!(hashName in HASHES)) throw new BadSignature("odd_signature");
  return { blob, key, namespace: decoder.decode(namespace), hash: hashName, raw };
}

type Bytes = Uint8Array<ArrayBuffer>;

/** Read exactly *count* strings, each with its length before it; a byte too many or too few is a fault. */
function strings(data: Bytes, count: number): Bytes[] {
  const found: Bytes[] = [];
  let at = 0;
  for (let n = 0; n < count; n += 1) {
    if (at + 4 > data.length) throw new BadSignature("odd_signature");
    const length = new DataView(data.buffer, data.byteOffset + at, 4).getUint32(0);
    if (at + 4 + length > data.length) throw new BadSignature("odd_signature");
    found.push(data.slice(at + 4, at + 4 + length));
    at += 4 + length;
  }
  if (at !== data.length) throw new BadSignature("odd_signature");
  return found;
}

function string(value: Uint8Array): Bytes {
  const made = new Uint8Array(4 + value.length);
  new DataView(made.buffer).setUint32(0, value.length);
  made.set(value, 4);
  return made;
}

function joined(...parts: Uint8Array[]): Bytes {
  const made = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    made.set(part, at);
    at += part.length;
  }
  return made;
}

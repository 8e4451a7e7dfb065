import { afterEach, describe, expect, it, vi } from "vitest";
import { verifyBundle } from "./bundle";
import { Sha256, toHex } from "./sha256";

type Bytes = Uint8Array<ArrayBuffer>;
const text = (words: string): Bytes => new TextEncoder().encode(words) as Bytes;
const digest = async (name: string, data: Uint8Array): Promise<Bytes> => new Uint8Array(await crypto.subtle.digest(name, new Uint8Array(data)));
const sha = async (data: Uint8Array): Promise<string> => toHex(await digest("SHA-256", data));
const base64 = (data: Uint8Array): string => btoa(String.fromCharCode(...data));

function u32(...numbers: number[]): Bytes {
  const made = new Uint8Array(numbers.length * 4);
  for (const [at, number] of numbers.entries()) new DataView(made.buffer).setUint32(at * 4, number);
  return made;
}

function join(...parts: Uint8Array[]): Bytes {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

const lengthened = (data: Uint8Array): Bytes => join(u32(data.length), data);

async function newKey(): Promise<{ pair: CryptoKeyPair; blob: Bytes; fingerprint: string }> {
  const pair = (await crypto.subtle.generateKey({ name: "Ed25519" }, true, ["sign", "verify"])) as CryptoKeyPair;
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const blob = join(lengthened(text("ssh-ed25519")), lengthened(raw));
  return { pair, blob, fingerprint: `SHA256:${base64(await digest("SHA-256", blob)).replace(/=+$/, "")}` };
}

async function signed(key: Awaited<ReturnType<typeof newKey>>, message: Uint8Array, namespace = "gtvision-evidence"): Promise<Bytes> {
  const sum = await digest("SHA-512", message);
  const head = join(lengthened(text(namespace)), lengthened(text("")), lengthened(text("sha512")));
  const raw = new Uint8Array(await crypto.subtle.sign({ name: "Ed25519" }, key.pair.privateKey, join(text("SSHSIG"), head, lengthened(sum))));
  const blob = join(text("SSHSIG"), u32(1), lengthened(key.blob), head, lengthened(join(lengthened(text("ssh-ed25519")), lengthened(raw))));
  const lines = base64(blob).match(/.{1,70}/g) ?? [];
  return text(["-----BEGIN SSH SIGNATURE-----", ...lines, "-----END SSH SIGNATURE-----", ""].join("\n"));
}

/** Numbers, each in so many bytes, the least first. */
function little(...fields: [value: number, bytes: number][]): Bytes {
  return Uint8Array.from(fields.flatMap(([value, bytes]) => Array.from({ length: bytes }, (_, at) => Math.floor(value / 256 ** at) % 256)));
}

function crc(data: Uint8Array): number {
  let sum = -1;
  for (const byte of data) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}

function zip(files: Map<string, Uint8Array>): Bytes {
  const bodies: Uint8Array[] = [];
  const table: Uint8Array[] = [];
  let at = 0;
  for (const [name, data] of files) {
    // Version 20, no flags, stored, a date; then sum, sizes and lengths.
    const common = little([20, 2], [0, 2], [0, 2], [0x5a21_4000, 4], [crc(data), 4], [data.length, 4], [data.length, 4], [name.length, 2], [0, 2]);
    const tail = little([0, 2], [0, 2], [0, 2], [0o100644 * 2 ** 16, 4], [at, 4]);
    bodies.push(join(text("PK\u0003\u0004"), common, text(name), data));
    table.push(join(text("PK\u0001\u0002"), little([20, 1], [3, 1]), common, tail, text(name)));
    at += 30 + name.length + data.length;
  }
  const directory = join(...table);
  const end = little([0, 4], [files.size, 2], [files.size, 2], [directory.length, 4], [at, 4], [0, 2]);
  return join(...bodies, directory, text("PK\u0005\u0006"), end);
}

interface Changes {
  /** Put into the zip after everything was signed; undefined takes a file away. */
  after?: Record<string, Uint8Array | undefined>;
  namespace?: string;
  signer?: Awaited<ReturnType<typeof newKey>>;
}

async function bundle(key: Awaited<ReturnType<typeof newKey>>, changes: Changes = {}): Promise<Bytes> {
  const files = new Map<string, Uint8Array>([
    ["originals/cam01/2026-01-01T00-00-00-000000Z.mp4", text("gravação".repeat(9))],
    ["manifest.json", text(JSON.stringify({ key: { fingerprint: key.fingerprint } }))],
    ["history.json", text("[]")],
    ["readings.json", text("[]")],
    ["LEIA-ME.txt", text("leia")],
    ["chave-publica.pub", text("ssh-ed25519 x")],
  ]);
  const signer = changes.signer ?? key;
  const lines = await Promise.all([...files].map(async ([path, data]) => `${await sha(data)}  ${path}\n`));
  const sums = text(lines.join(""));
  const form = text("%PDF-1.7 termo");
  const seal = text(`${await sha(form)}  termo.pdf\n${await sha(sums)}  SHA256SUMS\n`);
  files.set("SHA256SUMS", sums).set("SHA256SUMS.sig", await signed(signer, sums, changes.namespace));
  files.set("termo.pdf", form).set("LACRE.sha256", seal).set("LACRE.sha256.sig", await signed(key, seal));
  for (const [path, data] of Object.entries(changes.after ?? {})) data === undefined ? files.delete(path) : files.set(path, data);
  return zip(files);
}

const judge = (data: Bytes) => verifyBundle(new Blob([data]));

describe("SHA-256 a piece at a time", () => {
  it("gives what the browser's own gives, however it is cut", async () => {
    for (const length of [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000, 100_003]) {
      const data = new Uint8Array(length).map((_, at) => (at * 31 + length) & 255);
      const expected = toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", data)));
      for (const cut of [1, 7, 64, 4096]) {
        const sum = new Sha256();
        for (let at = 0; at < length; at += cut) sum.update(data.subarray(at, at + cut));
        expect(sum.hex()).toBe(expected);
      }
    }
  });
});

describe("a bundle", () => {
  it("that was not touched is good, and says who signed", async () => {
    const key = await newKey();
    expect(await judge(await bundle(key))).toMatchObject({ faults: [], fingerprint: key.fingerprint, canCheckSignatures: true, files: 11 });
  });

  it("is never good with any one of its bytes changed", async () => {
    const whole = await bundle(await newKey());
    const unnoticed: number[] = [];
    // Every fifth: all of them take some seconds, and were looked at once.
    for (let at = 0; at < whole.length; at += 5) {
      const changed = whole.slice();
      changed[at] = (changed[at] as number) ^ 0x04;
      if ((await judge(changed)).faults.length === 0) unnoticed.push(at);
    }
    expect(unnoticed).toEqual([]);
  }, 60_000);

  it("is never good when it is cut off or has something behind it", async () => {
    const whole = await bundle(await newKey());
    for (const length of [0, 10, 100, whole.length - 30, whole.length - 1]) expect((await judge(whole.slice(0, length))).faults).not.toEqual([]);
    expect((await judge(join(whole, text("x")))).faults).not.toEqual([]);
  });

  it.each([
    ["a recording changed", { "originals/cam01/2026-01-01T00-00-00-000000Z.mp4": text("outra") }, "originals/cam01/2026-01-01T00-00-00-000000Z.mp4", "changed"],
    ["a recording taken out", { "originals/cam01/2026-01-01T00-00-00-000000Z.mp4": undefined }, "originals/cam01/2026-01-01T00-00-00-000000Z.mp4", "missing"],
    ["a file put in", { "originals/cam01/extra.mp4": text("x") }, "originals/cam01/extra.mp4", "unlisted"],
    ["another form", { "termo.pdf": text("%PDF outro") }, "termo.pdf", "changed"],
    ["a manifest of one's own", { "manifest.json": text("{}") }, "manifest.json", "changed"],
    ["no signature", { "SHA256SUMS.sig": undefined }, "SHA256SUMS.sig", "missing"],
    ["a signature that is none", { "SHA256SUMS.sig": text("assinado") }, "SHA256SUMS.sig", "odd_signature"],
  ] as const)("with %s names the file", async (_name, after, path, kind) => {
    const { faults } = await judge(await bundle(await newKey(), { after }));
    expect(faults).toContainEqual({ path, kind });
  });

  it("whose list was written anew is not what was signed", async () => {
    const key = await newKey();
    const data = text("outra");
    const { faults } = await judge(await bundle(key, { after: { SHA256SUMS: text(`${await sha(data)}  manifest.json\n`) } }));
    expect(faults).toContainEqual({ path: "SHA256SUMS", kind: "bad_signature" });
  });

  it("signed by two keys, or by another than its manifest says, is not good", async () => {
    const [key, stranger] = [await newKey(), await newKey()];
    const { faults, fingerprint } = await judge(await bundle(key, { signer: stranger }));
    expect(fingerprint).toBe(stranger.fingerprint);
    expect(faults).toEqual([
      { path: "LACRE.sha256.sig", kind: "other_signer" },
      { path: "manifest.json", kind: "wrong_key" },
    ]);
  });

  it("with a signature made for another purpose is not good", async () => {
    const { faults } = await judge(await bundle(await newKey(), { namespace: "git" }));
    expect(faults).toContainEqual({ path: "SHA256SUMS", kind: "bad_signature" });
  });

  it("that is no zip says so", async () => {
    expect((await judge(text("isto não é um pacote, é um texto"))).faults).toEqual([{ path: "", kind: "not_zip" }]);
  });
});

describe("a page without HTTPS, where the browser lends no cryptography", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it("compares the files all the same, and says that nobody's signature was checked", async () => {
    const key = await newKey();
    const [whole, changed] = [await bundle(key), await bundle(key, { after: { "history.json": text("[1]") } })];
    vi.stubGlobal("crypto", {});

    expect(await judge(whole)).toMatchObject({ faults: [], fingerprint: null, canCheckSignatures: false });
    expect((await judge(changed)).faults).toEqual([{ path: "history.json", kind: "changed" }]);
  });
});

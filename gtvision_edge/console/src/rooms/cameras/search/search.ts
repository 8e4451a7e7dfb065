/** Looking for cameras: what was typed, what was found, what becomes of it. Pure. */
import type { CameraBody, DiscoverBody, FoundDevice } from "../../../api/types";

const MAX_ADDRESSES = 256;
const OCTET = "(25[0-5]|2[0-4]\\d|1?\\d?\\d)";
const ADDRESS = new RegExp(`^${OCTET}\\.${OCTET}\\.${OCTET}\\.${OCTET}$`);
const RANGE = new RegExp(`^(${OCTET}\\.${OCTET}\\.${OCTET}\\.)${OCTET}-(?:${OCTET}\\.${OCTET}\\.${OCTET}\\.)?${OCTET}$`);
const NETWORK = /^([\d.]+)\/(2[4-9]|3[0-2])$/;

/** What to ask, from "192.168.1.20", several of them, "192.168.1.10-50" or "192.168.1.0/24"; null when it is none of these. */
export function targetsIn(typed: string): Pick<DiscoverBody, "addresses" | "network"> | null {
  const words = typed.split(/[\s,;]+/).filter((word) => word !== "");
  const only = words.length === 1 ? words[0] : undefined;
  if (only !== undefined && ADDRESS.test(NETWORK.exec(only)?.[1] ?? "")) return { network: only };
  const addresses: string[] = [];
  for (const word of words) {
    const range = RANGE.exec(word);
    if (ADDRESS.test(word)) addresses.push(word);
    else if (range !== null) {
      const [first, last] = [Number(range[5]), Number(range[9])];
      const isOneNet = range[6] === undefined || [2, 3, 4].every((at) => Number(range[at]) === Number(range[at + 4]));
      if (first > last || !isOneNet) return null;
      for (let at = first; at <= last; at += 1) addresses.push(`${range[1]}${at}`);
    } else return null;
  }
  const unique = [...new Set(addresses)];
  return unique.length === 0 || unique.length > MAX_ADDRESSES ? null : { addresses: unique };
}

export const keyOf = (device: FoundDevice): string => `${device.host}:${device.onvif_port}`;

/** Room for the end of an address in the 80 characters that a camera's name may have. */
const MOST_OF_NAME = 64;

/**
 * A name to begin with: what the device calls itself. One that has no name, or the same as one of *others* or of those
 * that are *taken*, gets the end of its address, since whole series are called alike.
 */
export function nameOf(device: FoundDevice, fallback: string, others: readonly FoundDevice[] = [], taken: readonly string[] = []): string {
  const word = wordOf(device, fallback);
  const alike = others.filter((other) => keyOf(other) !== keyOf(device) && wordOf(other, fallback) === word);
  if (device.name !== "" && alike.length === 0 && !taken.includes(word)) return word;
  const end = endOf(device);
  return `${word} ${alike.some((other) => endOf(other) === end) ? device.host : end}`.trim();
}

const endOf = (device: FoundDevice): string => device.host.split(".").pop() ?? "";

/** What it calls itself; a long name ends with a whole word and an ellipsis. */
function wordOf(device: FoundDevice, fallback: string): string {
  const word = (device.name || device.hardware || fallback).trim();
  if (word.length <= MOST_OF_NAME) return word;
  const cut = word.slice(0, MOST_OF_NAME - 1);
  return `${(/^(.+)\s\S*$/.exec(cut)?.[1] ?? cut).trimEnd()}…`;
}

/** What the device says of itself, in one line. */
export function deviceWords(device: FoundDevice): string {
  const words = [device.manufacturer, device.hardware].filter((word) => word !== "" && word !== device.name);
  return [...new Set(words)].join(" · ");
}

export interface Access {
  username: string;
  password: string;
  /** Said outright: these cameras ask for no password. */
  isOpen: boolean;
  tenantId: string;
}

/** What is missing before a login is tried at many cameras; an empty password may be a slip, and some lock after five. */
export function accessFault(access: Access): "username" | "password" | null {
  if (access.isOpen) return null;
  if (access.username.trim() === "") return "username";
  return access.password === "" ? "password" : null;
}

export function bodyOf(device: FoundDevice, name: string, access: Access): CameraBody {
  const body: CameraBody = { vendor: "generic_onvif", host: device.host, onvif_port: device.onvif_port, name: name.trim() };
  if (!access.isOpen) Object.assign(body, { username: access.username.trim(), password: access.password });
  if (access.tenantId !== "") body.tenant_id = access.tenantId;
  if (body.username === undefined && body.password === undefined) body.anonymous = true;
  return body;
}

/** Do *work* on every item, at most *most* at a time, in their order. Never fails: *work* takes care of its failures. */
export async function inTurns<T>(items: readonly T[], most: number, work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
}

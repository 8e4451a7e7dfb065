import { signal } from "@preact/signals";
import type { NoticeDevice, NoticeKey } from "../api/notices";
import { read, write } from "./preferences";
import { go } from "./route";
import { client, me } from "./session";

/** Why this browser cannot be told of anything; null = it can. */
export type Obstacle = "insecure" | "unsupported" | "denied";

/** The browser could not get an address of its push service. */
export class NoPushService extends Error {}

/** Which of the listed devices this browser is; null = none. */
export const ownId = signal<string | null>(null);

export function obstacle(): Obstacle | null {
  if (!globalThis.isSecureContext) return "insecure";
  if (!("serviceWorker" in navigator) || !("PushManager" in globalThis) || !("Notification" in globalThis)) return "unsupported";
  return Notification.permission === "denied" ? "denied" : null;
}

/** Ask the person, then the browser's push service, then have the unit note the address. Call it from a click. */
export async function turnOn(key: NoticeKey, device: string): Promise<NoticeDevice | Obstacle> {
  if ((await Notification.requestPermission()) !== "granted") return "denied";
  const subscription = await subscribed(await worker(), key.public_key);
  return await tell(subscription, { device });
}

export async function turnOff(subscriptionId: string): Promise<void> {
  await client.delete(`/push/subscriptions/${subscriptionId}`);
  if (subscriptionId !== ownId.value) return;
  remember(null);
  await (await present())?.unsubscribe();
}

/**
 * Once somebody is logged in: a browser that was told of things for this person is confirmed with the new login, at the
 * address that it has now. Whoever else uses this browser is not asked for anything and told nothing.
 */
export async function confirm(): Promise<void> {
  const kept = recall();
  if (kept === null || kept.user !== me.value?.user_id || obstacle() !== null || Notification.permission !== "granted") return;
  const [key, devices] = await Promise.all([client.get<NoticeKey>("/push/key"), client.all<NoticeDevice>("/push/subscriptions")]);
  const found = await present();
  const isListed = devices.some((each) => each.subscription_id === kept.id);
  if (!isListed && found !== null && isFor(key.public_key, found.options.applicationServerKey)) {
    // Its owner stopped it from another device.
    remember(null);
    await found.unsubscribe();
    return;
  }
  ownId.value = kept.id;
  await tell(await subscribed(await worker(), key.public_key), kept.endpoint === null ? {} : { replaces: kept.endpoint });
}

/** Lead from a notice that was pressed to its place here. Returns how to stop. */
export function followNotices(): () => void {
  if (!("serviceWorker" in navigator)) return () => {};
  const follow = (event: MessageEvent<unknown>): void => {
    const place = placeOf(event.data);
    if (place !== null) go(place);
  };
  navigator.serviceWorker.addEventListener("message", follow);
  navigator.serviceWorker.startMessages();
  return () => navigator.serviceWorker.removeEventListener("message", follow);
}

export function placeOf(message: unknown): string | null {
  if (typeof message !== "object" || message === null) return null;
  const { kind, place } = message as { kind?: unknown; place?: unknown };
  return kind === "open" && typeof place === "string" && place.startsWith("#/") ? place : null;
}

/** What people call a device before they give it a name. */
export function deviceName(agent: string): string {
  const browser = [
    [/Edg/, "Edge"],
    [/OPR|Opera/, "Opera"],
    [/SamsungBrowser/, "Samsung Internet"],
    [/Firefox|FxiOS/, "Firefox"],
    [/Chrome|CriOS/, "Chrome"],
    [/Safari/, "Safari"],
  ].find(([pattern]) => (pattern as RegExp).test(agent))?.[1] as string | undefined;
  const system = [
    [/Android/, "Android"],
    [/iPhone/, "iPhone"],
    [/iPad/, "iPad"],
    [/Windows/, "Windows"],
    [/Mac OS/, "Mac"],
    [/Linux/, "Linux"],
  ].find(([pattern]) => (pattern as RegExp).test(agent))?.[1] as string | undefined;
  return [browser, system].filter((each) => each !== undefined).join(" · ") || "navegador";
}

/** Whether a subscription was made for *key*; another one takes nothing of this unit. */
export function isFor(key: string, made: ArrayBuffer | null | undefined): boolean {
  if (!made) return false;
  const text = btoa(String.fromCharCode(...new Uint8Array(made)));
  return text.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "") === key;
}

async function worker(): Promise<ServiceWorkerRegistration> {
  await navigator.serviceWorker.register("./sw.js");
  return await navigator.serviceWorker.ready;
}

async function present(): Promise<PushSubscription | null> {
  const registration = await navigator.serviceWorker.getRegistration();
  return (await registration?.pushManager.getSubscription()) ?? null;
}

async function subscribed(registration: ServiceWorkerRegistration, key: string): Promise<PushSubscription> {
  const found = await registration.pushManager.getSubscription();
  if (found !== null && isFor(key, found.options.applicationServerKey)) return found;
  await found?.unsubscribe();
  try {
    return await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  } catch (error) {
    throw new NoPushService(String(error));
  }
}

async function tell(subscription: PushSubscription, more: { device?: string; replaces?: string }): Promise<NoticeDevice> {
  const made = await client.post<NoticeDevice>("/push/subscriptions", { ...subscription.toJSON(), ...more });
  remember({ user: me.value?.user_id ?? "", id: made.subscription_id, endpoint: subscription.endpoint });
  return made;
}

interface Kept {
  user: string;
  id: string;
  endpoint: string | null;
}

function remember(kept: Kept | null): void {
  ownId.value = kept?.id ?? null;
  write("gtv.notices", kept === null ? "" : JSON.stringify(kept));
}

function recall(): Kept | null {
  try {
    const kept = JSON.parse(read("gtv.notices") ?? "") as Kept;
    return typeof kept.user === "string" && typeof kept.id === "string" ? kept : null;
  } catch {
    return null;
  }
}

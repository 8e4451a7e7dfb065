// Shows what is pushed to this browser while the console is closed, and leads from it to the console. Nothing is cached here.

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => {
  event.waitUntil(show(read(event.data)));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data?.path));
});

self.addEventListener("pushsubscriptionchange", (event) => {
  event.waitUntil(subscribeAgain(event));
});

function read(data) {
  try {
    const message = data.json();
    if (typeof message.title === "string") return message;
  } catch {
    // Browsers take the permission away from who is pushed to and shows nothing.
  }
  return { title: "GT-Vision Edge", body: "", tag: "unknown", path: "#/" };
}

function show(message) {
  return self.registration.showNotification(message.title, {
    body: message.body,
    tag: message.tag,
    // What replaces another with the same tag is news, too.
    renotify: true,
    requireInteraction: message.stays === true,
    timestamp: message.at,
    icon: "./icon-192.png",
    badge: "./badge.png",
    data: { path: message.path },
  });
}

/** Only ever a place of our own: what is pushed names no other site. */
async function open(path) {
  const place = typeof path === "string" && path.startsWith("#/") ? path : "#/";
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const shown = windows.find((each) => each.visibilityState === "visible") ?? windows[0];
  if (shown === undefined) {
    await self.clients.openWindow(new URL(`./${place}`, self.registration.scope).href);
    return;
  }
  await shown.focus();
  shown.postMessage({ kind: "open", place });
}

/** The browser changed its address: tell it to the unit, which keeps the choices. */
async function subscribeAgain(event) {
  const before = event.oldSubscription;
  const options = before?.options ?? (await keyOfTheUnit());
  const after = event.newSubscription ?? (await self.registration.pushManager.subscribe(options));
  const body = { ...after.toJSON(), ...(before && { replaces: before.endpoint }) };
  const sent = await post("/api/v1/push/subscriptions", body);
  // The session may want renewing. Without one the console tells the new address when it is opened next.
  if (sent.status === 401 && (await post("/api/v1/auth/refresh")).ok) await post("/api/v1/push/subscriptions", body);
}

async function keyOfTheUnit() {
  const answer = await fetch("/api/v1/push/key", { credentials: "same-origin" });
  return { userVisibleOnly: true, applicationServerKey: (await answer.json()).public_key };
}

function post(path, body) {
  return fetch(path, {
    method: "POST",
    credentials: "same-origin",
    ...(body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }),
  });
}

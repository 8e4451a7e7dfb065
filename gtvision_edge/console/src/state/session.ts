import { signal } from "@preact/signals";
import { Client } from "../api/client";
import { Problem } from "../api/problem";
import type { Me, Session } from "../api/types";
import { locale, nearestLocale } from "../i18n";
import { noteAnswer, noteSilence, watched } from "./link";
import { leaveFreely } from "./unsaved";

/** Who is logged in; null before the first login of this page. */
export const me = signal<Me | null>(null);

/** "asking" shows the login, over whatever is on the page. */
export const loginState = signal<"unknown" | "asking" | "in">("unknown");

/** The login that callers wait for. */
let waiting: { promise: Promise<void>; resolve: () => void } | null = null;
let renewalTimer: ReturnType<typeof setTimeout> | undefined;

export const client = new Client({
  askLogin() {
    waiting ??= deferred();
    loginState.value = "asking";
    return waiting.promise;
  },
  mustChangePassword() {
    if (me.value !== null) me.value = { ...me.value, must_change_password: true };
  },
  answered: noteAnswer,
  unanswered: noteSilence,
  renewed: accept,
});

/** Find out whether the browser's cookies still hold a session; retries while the daemon is silent. */
export async function resume(): Promise<void> {
  for (;;) {
    try {
      welcome(await watched("me", () => client.get<Me>("/me")));
      return;
    } catch (error) {
      if (error instanceof Problem && error.status < 500) throw error;
      await new Promise((wake) => setTimeout(wake, 2_000));
    }
  }
}

/** Log in and let everything go on that waited for it. Throws what the daemon said. */
export async function signIn(username: string, password: string): Promise<void> {
  const previous = me.value;
  const session = await client.login(username, password);
  if (previous !== null && previous.user_id !== session.user.user_id) {
    // Another person: nothing of the one before may stay on the page.
    leaveFreely();
    location.reload();
    return;
  }
  accept(session);
  waiting?.resolve();
  waiting = null;
}

export async function signOut(): Promise<void> {
  try {
    await client.post("/auth/logout");
  } finally {
    leaveFreely();
    location.hash = "";
    location.reload();
  }
}

/** The current account changed (its name, its language, its password). */
export function welcome(user: Me): void {
  me.value = user;
  loginState.value = "in";
  locale.value = nearestLocale(user.locale);
}

function accept(session: Session): void {
  welcome(session.user);
  clearTimeout(renewalTimer);
  // Renew before the cookie ends, so that no picture request meets a 401.
  const inMs = Math.max(30, session.expires_in - 60) * 1000;
  renewalTimer = setTimeout(() => void client.renew().catch(() => {}), inMs);
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

import { effect, signal } from "@preact/signals";
import { locale, nearestLocale } from "../i18n";

/** What belongs to this screen rather than to the person: theme, and the language before anybody logs in. */
export type Theme = "dark" | "light";

export const theme = signal<Theme>("dark");

export function startPreferences(): void {
  const chosen = read("gtv.theme");
  const system = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
  theme.value = chosen === "light" || chosen === "dark" ? chosen : system;
  locale.value = nearestLocale(read("gtv.locale"));
  effect(() => {
    document.documentElement.dataset.theme = theme.value;
  });
  effect(() => {
    document.documentElement.lang = locale.value;
    write("gtv.locale", locale.value);
  });
}

/** From now on this one, whatever the system says. */
export function chooseTheme(chosen: Theme): void {
  theme.value = chosen;
  write("gtv.theme", chosen);
}

export function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // A browser that keeps nothing works too.
  }
}

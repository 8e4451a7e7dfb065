import { computed, signal } from "@preact/signals";
import { en } from "./en";
import { ptBR, type Text } from "./pt-BR";

export type Locale = "pt-BR" | "en";

/** Take the nearest language we speak; Portuguese comes first. */
export function nearestLocale(wanted: string | null | undefined): Locale {
  return (wanted ?? "").toLowerCase().startsWith("en") ? "en" : "pt-BR";
}

export const locale = signal<Locale>("pt-BR");

/** All words in the language in use. Read `.value` inside a component and it follows the language. */
export const text = computed<Text>(() => (locale.value === "en" ? en : ptBR));

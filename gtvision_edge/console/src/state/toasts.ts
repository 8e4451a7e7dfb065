import { signal } from "@preact/signals";

export interface Toast {
  id: number;
  words: string;
  tone: "plain" | "alarm";
  undo?: () => void;
  /** Where more about it is. */
  action?: { words: string; run: () => void };
}

export const toasts = signal<Toast[]>([]);

let lastId = 0;

/** Say something that needs no answer; gone after some seconds, later with an undo. */
export function say(words: string, options: Partial<Pick<Toast, "tone" | "undo" | "action">> = {}): void {
  lastId += 1;
  const id = lastId;
  const toast: Toast = { id, words, tone: options.tone ?? "plain", ...(options.undo && { undo: options.undo }), ...(options.action && { action: options.action }) };
  toasts.value = [...toasts.value.filter((other) => other.words !== words).slice(-3), toast];
  // What leads to a trouble stays until it was pressed.
  if (options.action === undefined) setTimeout(() => dismiss(id), options.undo || options.tone === "alarm" ? 10_000 : 4_000);
}

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

/** Undo what was said last of all that can be undone; false: there is nothing. */
export function undoLast(): boolean {
  const last = toasts.peek().findLast((toast) => toast.undo !== undefined);
  if (last === undefined) return false;
  last.undo?.();
  dismiss(last.id);
  return true;
}

/** What interrupts everything, drawn in the dialog that is open too: outside of a modal one nothing can be pressed. */
import type { ComponentChildren } from "preact";
import { computed, signal } from "@preact/signals";

interface OpenDialog {
  id: symbol;
  /** It is the answer to what interrupts, or comes before all of it. */
  isAlone: boolean;
}

const openDialogs = signal<readonly OpenDialog[]>([]);

export const interruption = signal<(() => ComponentChildren) | null>(null);

/** The dialog on top; null = none is open. */
export const topDialog = computed(() => openDialogs.value.at(-1) ?? null);

/** Note that a dialog lies over everything now, until the returned function is called. */
export function opened(isAlone: boolean): { id: symbol; close: () => void } {
  const id = Symbol("dialog");
  openDialogs.value = [...openDialogs.peek(), { id, isAlone }];
  return {
    id,
    close: () => {
      openDialogs.value = openDialogs.peek().filter((each) => each.id !== id);
    },
  };
}

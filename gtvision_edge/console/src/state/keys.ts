/** Keys mean the same everywhere. The handlers of the room in sight are asked last in, first out. */
export type KeyHandler = (key: string, event: KeyboardEvent) => boolean;

const handlers: KeyHandler[] = [];

export function onKeys(handler: KeyHandler): () => void {
  handlers.push(handler);
  return () => {
    const at = handlers.lastIndexOf(handler);
    if (at >= 0) handlers.splice(at, 1);
  };
}

export function startKeys(): void {
  document.addEventListener("keydown", (event) => {
    // A browser's own keys stay the browser's, and text fields keep their letters.
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const target = event.target instanceof HTMLElement ? event.target : null;
    const isTyping = target?.matches("input, textarea, select, [contenteditable]") ?? false;
    if (isTyping && event.key !== "Escape") return;
    for (const handler of [...handlers].reverse()) {
      if (handler(event.key, event)) {
        event.preventDefault();
        return;
      }
    }
  });
}

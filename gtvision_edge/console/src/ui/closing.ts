import { useLayoutEffect } from "preact/hooks";
import { onKeys } from "../state/keys";

/** While something is open: Esc, and a press outside of *box*, close it; Esc gives the focus back to its button. */
export function useClosing(box: { readonly current: HTMLElement | null }, isOpen: boolean, close: () => void): void {
  useLayoutEffect(() => {
    if (!isOpen) return undefined;
    const onPress = (event: Event): void => {
      if (!box.current?.contains(event.target as Node)) close();
    };
    document.addEventListener("pointerdown", onPress);
    const stopKeys = onKeys((key) => {
      if (key !== "Escape") return false;
      close();
      box.current?.querySelector<HTMLElement>("[aria-expanded]")?.focus();
      return true;
    });
    return () => {
      document.removeEventListener("pointerdown", onPress);
      stopKeys();
    };
  }, [isOpen]);
}

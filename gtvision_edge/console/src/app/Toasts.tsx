import { useLayoutEffect } from "preact/hooks";
import { text } from "../i18n";
import { onKeys } from "../state/keys";
import { dismiss, toasts, undoLast } from "../state/toasts";
import { Button } from "../ui/parts";

export function Toasts() {
  // While a dialog is open, too: what is said lies under it, out of the pointer's reach.
  useLayoutEffect(() => onKeys((key) => key.toLowerCase() === "z" && undoLast()), []);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((toast) => (
        <div key={toast.id} class={`toast ${toast.tone}`}>
          <span>{toast.words}</span>
          {toast.action && (
            <Button
              kind="ghost"
              onClick={() => {
                toast.action?.run();
                dismiss(toast.id);
              }}
            >
              {toast.action.words}
            </Button>
          )}
          {toast.action && <Button kind="ghost" icon="close" label={text.value.common.close} onClick={() => dismiss(toast.id)} />}
          {toast.undo && (
            <Button
              kind="ghost"
              hotkey="Z"
              onClick={() => {
                toast.undo?.();
                dismiss(toast.id);
              }}
            >
              {text.value.common.undo}
            </Button>
          )}
        </div>
      ))}
    </div>
  );
}

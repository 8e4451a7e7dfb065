import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { text } from "../i18n";
import { Button } from "./parts";

interface DialogProps {
  title: string;
  onClose?: () => void;
  children: ComponentChildren;
  /** A drawer comes from the right and leaves the page in sight; a box asks for an answer. */
  shape?: "box" | "drawer";
  note?: string;
}

/** A modal part of the page. The browser keeps the focus inside and gives it back; Esc closes it. */
export function Dialog({ title, onClose, children, shape = "box", note }: DialogProps) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = box.current;
    if (dialog === null) return undefined;
    dialog.showModal();
    return () => dialog.close();
  }, []);
  return (
    <dialog
      ref={box}
      class={`dialog ${shape}`}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
    >
      <header>
        <h1>{title}</h1>
        {note && <span class="faint">{note}</span>}
        {onClose && <Button kind="ghost" icon="close" label={text.value.common.close} onClick={onClose} />}
      </header>
      {children}
    </dialog>
  );
}

interface ConfirmProps {
  title: string;
  /** Says exactly what will be gone. */
  body: string;
  action: string;
  busy?: boolean;
  onConfirm: () => void;
  onClose: () => void;
  children?: ComponentChildren;
}

export function Confirm({ title, body, action, busy, onConfirm, onClose, children }: ConfirmProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      <div class="dialog-body">
        <p>{body}</p>
        {children}
      </div>
      <footer>
        <Button onClick={onClose}>{text.value.common.cancel}</Button>
        <Button kind="danger" onClick={onConfirm} disabled={busy ?? false}>
          {action}
        </Button>
      </footer>
    </Dialog>
  );
}

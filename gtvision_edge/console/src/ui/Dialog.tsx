import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { text } from "../i18n";
import { guardWork } from "../state/unsaved";
import { interruption, opened, topDialog } from "./interruption";
import { Button } from "./parts";

interface DialogProps {
  title: string;
  onClose?: () => void;
  children: ComponentChildren;
  /** A drawer comes from the right and leaves the page in sight; a box asks for an answer. */
  shape?: "box" | "drawer";
  note?: string;
  /** There is typed work in it: closing asks first. */
  hasWork?: () => boolean;
  /** Nothing interrupts it: it answers what does, or comes before it. */
  isAlone?: boolean;
}

/** A modal part of the page. The browser keeps the focus inside and gives it back; Esc closes it. */
export function Dialog({ title, onClose, children, shape = "box", note, hasWork, isAlone = false }: DialogProps) {
  const box = useRef<HTMLDialogElement>(null);
  const [id, setId] = useState<symbol | null>(null);
  useLayoutEffect(() => {
    const place = opened(isAlone);
    setId(place.id);
    return place.close;
  }, [isAlone]);
  // Before the next key, both ways: what is typed on belongs into the dialog, and after it to what opened it.
  useLayoutEffect(() => {
    const dialog = box.current;
    if (dialog === null) return undefined;
    const opener = document.activeElement;
    dialog.showModal();
    focusFirst(dialog);
    return () => {
      dialog.close();
      // Once the page is drawn: a dialog around this one may be going too, with the opener in it.
      queueMicrotask(() => {
        if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
      });
    };
  }, []);
  const asked = useRef(hasWork);
  asked.current = hasWork;
  useLayoutEffect(() => guardWork(() => asked.current?.() ?? false), []);
  const [isAsking, setAsking] = useState(false);
  const close = (): void => {
    if (hasWork?.()) setAsking(true);
    else onClose?.();
  };
  return (
    <dialog
      ref={box}
      class={`dialog ${shape}`}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        // Esc of a dialog inside this one comes by here too.
        if (event.target === box.current && onClose) close();
      }}
    >
      <header>
        <h1>{title}</h1>
        {note && <span class="faint">{note}</span>}
        {onClose && <Button kind="ghost" icon="close" label={text.value.common.close} onClick={close} />}
      </header>
      {children}
      {id !== null && topDialog.value?.id === id && !isAlone && interruption.value?.()}
      {isAsking && onClose && (
        <Confirm
          title={text.value.common.dropTitle}
          body={text.value.common.dropBody}
          action={text.value.common.drop}
          onConfirm={onClose}
          onClose={() => setAsking(false)}
        />
      )}
    </dialog>
  );
}

/** What is to be filled in first, else what answers; never the cross. */
function focusFirst(dialog: HTMLDialogElement): void {
  const wanted =
    dialog.querySelector<HTMLElement>("[autofocus]") ??
    dialog.querySelector<HTMLElement>(":is(.dialog-body, form) :is(input, select, textarea):not(:disabled)") ??
    dialog.querySelector<HTMLElement>("footer .primary") ??
    dialog.querySelector<HTMLElement>("footer button:not(.danger)");
  wanted?.focus();
}

interface ConfirmProps {
  title: string;
  /** Says exactly what will be gone. */
  body: string;
  action: string;
  /** Of the button that changes nothing, where "Cancel" would be read as the act itself. */
  keep?: string | undefined;
  busy?: boolean;
  onConfirm: () => void;
  onClose: () => void;
  children?: ComponentChildren;
}

export function Confirm({ title, body, action, keep, busy, onConfirm, onClose, children }: ConfirmProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      <div class="dialog-body">
        <p>{body}</p>
        {children}
      </div>
      <footer>
        <Button onClick={onClose}>{keep ?? text.value.common.cancel}</Button>
        <Button kind="danger" onClick={onConfirm} disabled={busy ?? false}>
          {action}
        </Button>
      </footer>
    </Dialog>
  );
}

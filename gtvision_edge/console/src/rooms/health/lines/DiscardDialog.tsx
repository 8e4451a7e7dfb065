import { useState } from "preact/hooks";
import { text } from "../../../i18n";
import { client } from "../../../state/session";
import { Dialog } from "../../../ui/Dialog";
import { Button, ErrorNote, Field } from "../../../ui/parts";

const [LEAST, MOST] = [5, 500];

interface DiscardProps<R> {
  /** Where it is said that it is given up. */
  path: string;
  title: string;
  /** Which one it is; null = all. */
  name: string | null;
  /** What will be gone, in words. */
  body: string;
  onClose: () => void;
  onDone: (told: R | undefined) => void;
}

/** Giving something up for good: it says what will be gone, and asks why. */
export function DiscardDialog<R>({ path, title, name, body, onClose, onDone }: DiscardProps<R>) {
  const t = text.value.lines;
  const [reason, setReason] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      onDone(await client.post<R | undefined>(path, { reason: reason.trim() }));
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  }

  return (
    <Dialog title={title} onClose={onClose} hasWork={() => reason.trim() !== ""}>
      <form onSubmit={(event) => void submit(event)}>
        <div class="dialog-body">
          {name !== null && (
            <p class="parked-name">
              <b>{name}</b>
            </p>
          )}
          <p>
            {body} {t.audited}
          </p>
          <Field label={t.reason} hint={t.whyHint}>
            {(ids) => <textarea {...ids} autofocus required rows={3} minLength={LEAST} maxLength={MOST} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />}
          </Field>
          <ErrorNote error={error} />
        </div>
        <footer>
          <Button onClick={onClose}>{text.value.common.cancel}</Button>
          <Button type="submit" kind="danger" disabled={isBusy || reason.trim().length < LEAST}>
            {t.discardConfirm}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

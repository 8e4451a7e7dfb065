import { useState } from "preact/hooks";
import { text } from "../../../i18n";
import { client } from "../../../state/session";
import { say } from "../../../state/toasts";
import { Dialog } from "../../../ui/Dialog";
import { Button, ErrorNote, Field } from "../../../ui/parts";

const [LEAST, MOST] = [5, 500];

/** Giving up one message (*count* null) or all: it says what will be gone, and asks why. */
export function DiscardDialog({ path, count, onClose, onDone }: { path: string; count: number | null; onClose: () => void; onDone: () => void }) {
  const t = text.value.hub;
  const [reason, setReason] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const told = await client.post<{ messages: number } | null>(path, { reason: reason.trim() });
      say(t.discarded(told?.messages ?? 1));
      onDone();
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  }

  return (
    <Dialog title={count === null ? t.discardTitle : t.discardAllTitle(count)} onClose={onClose} hasWork={() => reason.trim() !== ""}>
      <form onSubmit={(event) => void submit(event)}>
        <div class="dialog-body">
          <p>{count === null ? t.discardBody : t.discardAllBody}</p>
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

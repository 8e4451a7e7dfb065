import { useState } from "preact/hooks";
import type { Alert } from "../../api/plates";
import { Problem } from "../../api/problem";
import { text } from "../../i18n";
import { acknowledge, forget } from "../../state/alerts";
import { say } from "../../state/toasts";
import { Dialog } from "../../ui/Dialog";
import { Button, ErrorNote, Field, Segments } from "../../ui/parts";
import { noteOf, type Verdict } from "./verdict";

/** Seeing to an alert: whether it was true, and a remark; what is written is everybody's to read. */
export function AckDialog({ alert, onClose }: { alert: Alert; onClose: () => void }) {
  const t = text.value.plates.alerts;
  const plate = alert.detection.placa ?? text.value.plates.anonymised;
  const [verdict, setVerdict] = useState<Verdict>("real");
  const [note, setNote] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setError(null);
    try {
      await acknowledge(alert, noteOf(t.verdicts[verdict], note));
      say(t.done(plate));
      onClose();
    } catch (failure) {
      if (failure instanceof Problem && ["already_acknowledged", "unknown_alert"].includes(failure.code)) forget(alert);
      setError(failure);
      setBusy(false);
    }
  }

  return (
    <Dialog title={t.acknowledgeTitle(plate)} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <div class="dialog-body">
          <p class="muted">
            {alert.reason} — {t.acknowledgeHint}
          </p>
          <div class="field">
            <span class="field-label">{t.verdict}</span>
            <Segments label={t.verdict} options={(["real", "wrong", "test"] as const).map((value) => ({ value, label: t.verdicts[value] }))} value={verdict} onChange={setVerdict} />
          </div>
          <Field label={t.note} hint={t.noteHint}>
            {(ids) => <input {...ids} autofocus autocomplete="off" maxLength={400} value={note} onInput={(event) => setNote(event.currentTarget.value)} />}
          </Field>
          <ErrorNote error={error} />
        </div>
        <footer>
          <Button onClick={onClose}>{text.value.common.cancel}</Button>
          <Button type="submit" kind="primary" disabled={isBusy}>
            {t.acknowledge}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Alert } from "../../api/plates";
import { text } from "../../i18n";
import { acknowledgeAll } from "../../state/alerts";
import { onKeys } from "../../state/keys";
import { say } from "../../state/toasts";
import { Dialog } from "../../ui/Dialog";
import { Button, ErrorNote, Field } from "../../ui/parts";
import { undoOf } from "./undo";
import { noteOf, VERDICTS, verdictOfKey, type Verdict } from "./verdict";

/** Seeing to one alert or several: a conclusion that somebody chose, and a remark; what is written is everybody's to read. */
export function AckDialog({ alerts, onClose }: { alerts: readonly Alert[]; onClose: () => void }) {
  const t = text.value.plates.alerts;
  const words = text.value.alerting;
  const first = alerts[0];
  const plate = first?.detection.placa ?? text.value.plates.anonymised;
  const form = useRef<HTMLFormElement>(null);
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const [isMissing, setMissing] = useState(false);
  const [note, setNote] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  function choose(chosen: Verdict): void {
    setVerdict(chosen);
    setMissing(false);
  }

  // A digit chooses, Enter after it confirms; Enter alone concludes nothing.
  useLayoutEffect(
    () =>
      onKeys((key) => {
        const chosen = verdictOfKey(key);
        if (chosen !== null) {
          choose(chosen);
          form.current?.querySelector<HTMLElement>("footer .primary")?.focus();
          return true;
        }
        if (key !== "Enter" || document.activeElement?.matches("button")) return false;
        form.current?.requestSubmit();
        return true;
      }),
    [],
  );

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (isBusy) return;
    setMissing(verdict === null);
    if (verdict === null) return;
    setBusy(true);
    setError(null);
    try {
      const done = await acknowledgeAll(alerts, noteOf(words.verdicts[verdict], note));
      say(alerts.length === 1 ? t.done(plate) : words.doneMany(alerts.length), done.length > 0 ? { undo: undoOf(done) } : {});
      onClose();
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  }

  return (
    <Dialog title={alerts.length === 1 ? t.acknowledgeTitle(plate) : words.acknowledgeManyTitle(alerts.length)} onClose={onClose} isAlone>
      <form ref={form} onSubmit={(event) => void submit(event)}>
        <div class="dialog-body">
          <p class="muted">{alerts.length === 1 ? `${first?.reason ?? ""} — ${t.acknowledgeHint}` : words.manyHint}</p>
          <div class="field">
            <span class="field-label">{t.verdict}</span>
            <div class="segments verdicts" role="group" aria-label={t.verdict} tabIndex={-1} autofocus>
              {VERDICTS.map((value, at) => (
                <button key={value} type="button" aria-pressed={value === verdict} aria-keyshortcuts={String(at + 1)} class={value === verdict ? "on" : ""} onClick={() => choose(value)}>
                  {words.verdicts[value]} <kbd>{at + 1}</kbd>
                </button>
              ))}
            </div>
            <small class={isMissing ? "fault" : "hint"} role={isMissing ? "alert" : undefined}>
              {words.choose}
            </small>
          </div>
          <Field label={t.note} hint={t.noteHint}>
            {(ids) => <input {...ids} autocomplete="off" maxLength={400} value={note} onInput={(event) => setNote(event.currentTarget.value)} />}
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

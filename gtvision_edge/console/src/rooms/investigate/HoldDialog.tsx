import { useState } from "preact/hooks";
import type { Incident } from "../../api/evidence";
import { client } from "../../state/session";
import { cameras, zone } from "../../state/site";
import { Dialog } from "../../ui/Dialog";
import { Button, ErrorNote, Field } from "../../ui/parts";
import { chosen, loadLanes } from "./store";
import { dateTimeOf, text } from "./words";

interface HoldDialogProps {
  startMs: number;
  endMs: number;
  onHeld: (incident: Incident) => void;
  onClose: () => void;
}

/** Keep what is marked: why, for which case, and when somebody should look again. */
export function HoldDialog({ startMs, endMs, onHeld, onClose }: HoldDialogProps) {
  const t = text.value.investigate;
  const [reason, setReason] = useState("");
  const [reference, setReference] = useState("");
  const [review, setReview] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const names = chosen.value.map((id) => cameras.value?.find((camera) => camera.camera_id === id)?.name ?? id);
  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const made = await client.post<Incident>("/incidents", {
        cameras: chosen.value,
        start: new Date(startMs).toISOString(),
        end: new Date(endMs).toISOString(),
        reason: reason.trim(),
        reference: reference.trim(),
        ...(review === "" ? {} : { review_at: `${review}T12:00:00Z` }),
      });
      void loadLanes(true);
      onHeld(made);
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  }
  return (
    <Dialog title={t.holdTitle} onClose={onClose} hasWork={() => reason !== "" || reference !== ""}>
      <form onSubmit={(event) => void submit(event)}>
        <div class="dialog-body form">
          <p class="wide">
            <b>{names.join(", ")}</b>
            <br />
            {dateTimeOf(startMs, zone.value)} → {dateTimeOf(endMs, zone.value)}
            <br />
            <span class="muted">{t.holdNote}</span>
          </p>
          <Field label={t.reason} hint={t.reasonHint} wide>
            {(ids) => <textarea {...ids} autofocus required minLength={5} maxLength={2000} rows={3} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />}
          </Field>
          <Field label={t.reference} hint={t.referenceHint}>
            {(ids) => <input {...ids} maxLength={200} value={reference} onInput={(event) => setReference(event.currentTarget.value)} />}
          </Field>
          <Field label={t.review} hint={t.reviewHint}>
            {(ids) => <input {...ids} type="date" value={review} onInput={(event) => setReview(event.currentTarget.value)} />}
          </Field>
          <ErrorNote error={error} />
        </div>
        <footer>
          <Button onClick={onClose}>{text.value.common.cancel}</Button>
          <Button type="submit" kind="primary" disabled={isBusy}>
            {t.holdAction}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

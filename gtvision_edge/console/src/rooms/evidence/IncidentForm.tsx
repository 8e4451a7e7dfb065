import { useState } from "preact/hooks";
import type { Incident, IncidentBody } from "../../api/evidence";
import { text } from "../../i18n";
import { bytesOf } from "../../i18n/format";
import { siteClock } from "../../state/clock";
import { client } from "../../state/session";
import { cameras, zone } from "../../state/site";
import { Dialog } from "../../ui/Dialog";
import { Button, ErrorNote, Field } from "../../ui/parts";
import { wallOf } from "../investigate/when";
import { Reason } from "./Reason";
import { fieldOf } from "./sizes";
import { CameraChecks, spanFault, SpanFields, type FieldSpan } from "./SpanFields";

interface IncidentFormProps {
  /** null = a new one. */
  incident: Incident | null;
  onSaved: (incident: Incident) => void;
  onClose: () => void;
}

const iso = (ms: number): string => new Date(ms).toISOString();
const HALF_HOUR_MS = 1_800_000;

/** A new incident, or a change of an open one: its words, its review date, and an interval that may only grow. */
export function IncidentForm({ incident, onSaved, onClose }: IncidentFormProps) {
  const t = text.value.evidence;
  const words = text.value.investigate;
  const now = Math.floor(siteClock.now() / 60_000) * 60_000;
  const reviewBefore = incident?.review_at ? fieldOf(wallOf(Date.parse(incident.review_at), zone.value)).slice(0, 10) : "";
  const spanBefore: FieldSpan = incident === null ? { startMs: now - HALF_HOUR_MS, endMs: now } : { startMs: Date.parse(incident.start), endMs: Date.parse(incident.end) };
  const [chosen, setChosen] = useState<string[]>([]);
  const [span, setSpan] = useState(spanBefore);
  const [reason, setReason] = useState(incident?.reason ?? "");
  const [reference, setReference] = useState(incident?.reference ?? "");
  const [review, setReview] = useState(reviewBefore);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const hasShrunk = incident !== null && ((span.startMs ?? 0) > Date.parse(incident.start) || (span.endMs ?? 0) < Date.parse(incident.end));
  const fault = spanFault(span) ?? (hasShrunk ? t.mayOnlyGrow : null);
  const isChanged = reason !== (incident?.reason ?? "") || reference !== (incident?.reference ?? "") || review !== reviewBefore || chosen.length > 0;

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (span.startMs === null || span.endMs === null || fault !== null || (incident === null && chosen.length === 0)) return;
    setBusy(true);
    setError(null);
    const body = { start: iso(span.startMs), end: iso(span.endMs), reason: reason.trim(), reference: reference.trim() };
    try {
      if (incident === null) {
        const made: IncidentBody = { ...body, cameras: chosen, ...(review === "" ? {} : { review_at: reviewAt(review) }) };
        onSaved(await client.post<Incident>("/incidents", made));
      } else {
        const changed = review === reviewBefore ? body : { ...body, review_at: review === "" ? "" : reviewAt(review) };
        onSaved(await client.patch<Incident>(`/incidents/${incident.incident_id}`, changed));
      }
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Dialog title={incident === null ? t.newIncident : t.extend} onClose={onClose} hasWork={() => isChanged}>
      <form class="drawer-form" onSubmit={(event) => void submit(event)}>
        <div class="dialog-body">
          <div class="form">
            {incident === null ? (
              <CameraChecks cameras={(cameras.value ?? []).map(({ camera_id: id, name }) => ({ id, name }))} chosen={chosen} onChange={setChosen} />
            ) : (
              <p class="wide muted">{t.extendNote}</p>
            )}
            <SpanFields span={span} onChange={setSpan} fault={fault} endHint={t.endHint} />
            <Field label={words.reason} hint={words.reasonHint} wide>
              {(ids) => <textarea {...ids} required minLength={5} maxLength={2000} rows={2} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />}
            </Field>
            <Field label={words.reference} hint={words.referenceHint}>
              {(ids) => <input {...ids} maxLength={200} value={reference} onInput={(event) => setReference(event.currentTarget.value)} />}
            </Field>
            <Field label={words.review} hint={words.reviewHint}>
              {(ids) => <input {...ids} type="date" value={review} onInput={(event) => setReview(event.currentTarget.value)} />}
            </Field>
          </div>
          <ErrorNote error={error} />
        </div>
        <footer>
          <Button onClick={onClose}>{text.value.common.cancel}</Button>
          <Button type="submit" kind="primary" disabled={isBusy}>
            {incident === null ? words.holdAction : t.saveChanges}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

/** Noon by UTC of that day: the same date in every zone of the country. */
function reviewAt(date: string): string {
  return `${date}T12:00:00Z`;
}

interface ReleaseDialogProps {
  incident: Incident;
  onReleased: (incident: Incident) => void;
  onClose: () => void;
}

/** An act of its own, with its own reason: what was kept may be deleted from now on. */
export function ReleaseDialog({ incident, onReleased, onClose }: ReleaseDialogProps) {
  const t = text.value.evidence;
  const [reason, setReason] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const names = incident.footage.per_camera.map((camera) => camera.name).join(", ");
  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      onReleased(await client.post<Incident>(`/incidents/${incident.incident_id}/release`, { reason: reason.trim() }));
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  }
  return (
    <Dialog title={t.releaseTitle} onClose={onClose} hasWork={() => reason !== ""}>
      <form onSubmit={(event) => void submit(event)}>
        <div class="dialog-body">
          <b>
            <Reason words={incident.reason} />
          </b>
          <p>{t.releaseBody(bytesOf(incident.footage.bytes), names)}</p>
          <Field label={t.releaseReason} wide>
            {(ids) => <textarea {...ids} required minLength={5} maxLength={2000} rows={2} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />}
          </Field>
          <ErrorNote error={error} />
        </div>
        <footer>
          <Button onClick={onClose}>{text.value.common.cancel}</Button>
          <Button type="submit" kind="danger" disabled={isBusy}>
            {t.releaseAction}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

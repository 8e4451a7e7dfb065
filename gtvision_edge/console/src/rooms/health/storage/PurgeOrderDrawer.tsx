import { useState } from "preact/hooks";
import type { CameraStorage, PurgeBody, PurgeOrder } from "../../../api/evidence";
import { text } from "../../../i18n";
import { siteClock } from "../../../state/clock";
import { client } from "../../../state/session";
import { cameras as siteCameras } from "../../../state/site";
import { Dialog } from "../../../ui/Dialog";
import { Button, ErrorNote, Field } from "../../../ui/parts";
import { CameraChecks, spanFault, SpanFields, type FieldSpan } from "../../evidence/SpanFields";
import { PurgePreview } from "./PurgePreview";
import { PurgeProgress } from "./PurgeProgress";
import { inSiteOrder, sumOf } from "./rules";

/** It may look at every file there is. */
const DRY_RUN_MS = 60_000;

interface PurgeOrderDrawerProps {
  cameras: readonly CameraStorage[];
  onOrdered: () => void;
  onClose: () => void;
}

/** Deletion by order: what and why, then what would go and what stays, then a word typed, then the report. */
export function PurgeOrderDrawer({ cameras, onOrdered, onClose }: PurgeOrderDrawerProps) {
  const t = text.value.purging;
  const [chosen, setChosen] = useState<string[]>([]);
  const [span, setSpan] = useState<FieldSpan>({ startMs: null, endMs: null });
  const [reason, setReason] = useState("");
  const [reference, setReference] = useState("");
  const [typed, setTyped] = useState("");
  const [tried, setTried] = useState<{ body: PurgeBody; outcome: PurgeOrder } | null>(null);
  const [ordered, setOrdered] = useState<PurgeOrder | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const fault = spanFault(span) ?? (span.endMs !== null && span.endMs > siteClock.now() ? t.notAhead : null);
  const going = tried === null ? 0 : sumOf(tried.outcome.would_delete ?? []).segments;
  const isConfirmed = typed.trim().toLowerCase() === t.typeWord.toLowerCase();
  const { startMs, endMs } = span;
  const body =
    startMs === null || endMs === null || fault !== null || chosen.length === 0
      ? null
      : { cameras: chosen, after: new Date(startMs).toISOString(), before: new Date(endMs).toISOString(), reason: reason.trim(), reference: reference.trim() };

  async function send(isDry: boolean, wanted: PurgeBody): Promise<void> {
    setBusy(true);
    setError(null);
    try {
      const outcome = await client.post<PurgeOrder>(`/storage/purge${isDry ? "?dry_run=1" : ""}`, wanted, { timeoutMs: DRY_RUN_MS });
      if (isDry) {
        setTyped("");
        setTried({ body: wanted, outcome });
      } else {
        setOrdered(outcome);
        onOrdered();
      }
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  }

  if (ordered !== null) {
    return (
      <Dialog title={t.doneTitle} onClose={onClose} shape="drawer">
        <PurgeProgress ids={ordered.purge_ids} onClose={onClose} />
      </Dialog>
    );
  }
  return (
    <Dialog title={tried === null ? t.title : t.previewTitle} onClose={onClose} shape="drawer" hasWork={() => chosen.length > 0 || reason !== "" || reference !== "" || startMs !== null}>
      <form
        class="drawer-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (tried === null && body !== null) void send(true, body);
          else if (tried !== null && going > 0 && isConfirmed) void send(false, tried.body);
        }}
      >
        <div class="dialog-body">
          {tried === null ? (
            <>
              <p class="muted">{t.note}</p>
              <div class="form">
                <CameraChecks
                  cameras={inSiteOrder(cameras, siteCameras.value ?? []).map(({ camera_uuid: id, name, removed }) => ({ id, name: removed ? `${name} (${text.value.storage.removed})` : name }))}
                  chosen={chosen}
                  onChange={setChosen}
                  hasAll
                />
                <SpanFields span={span} onChange={setSpan} fault={fault} />
                <small class="wide muted">{t.wholeFiles}</small>
                <Field label={t.reason} hint={t.reasonHint} wide>
                  {(ids) => <textarea {...ids} required minLength={5} maxLength={2000} rows={3} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />}
                </Field>
                <Field label={t.reference} hint={t.referenceHint} wide>
                  {(ids) => <input {...ids} required maxLength={200} value={reference} onInput={(event) => setReference(event.currentTarget.value)} />}
                </Field>
              </div>
            </>
          ) : (
            <PurgePreview outcome={tried.outcome} />
          )}
          {tried !== null && going > 0 && (
            <Field label={t.typeLabel(t.typeWord)} hint={t.sure} wide>
              {(ids) => <input {...ids} autocomplete="off" autocapitalize="characters" value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />}
            </Field>
          )}
          <ErrorNote error={error} />
        </div>
        <footer>
          <Button onClick={onClose}>{text.value.common.cancel}</Button>
          {tried === null ? (
            <Button type="submit" kind="primary" disabled={isBusy || body === null}>
              {isBusy ? text.value.storage.previewing : t.preview}
            </Button>
          ) : (
            <>
              <Button onClick={() => setTried(null)}>{t.back}</Button>
              {going > 0 && (
                <Button type="submit" kind="danger" disabled={isBusy || !isConfirmed}>
                  {t.action(going)}
                </Button>
              )}
            </>
          )}
        </footer>
      </form>
    </Dialog>
  );
}

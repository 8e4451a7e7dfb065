import { useEffect, useState } from "preact/hooks";
import type { Export, ExportBody, Incident, IncidentBody, LegalRequest, StorageReport } from "../../api/evidence";
import type { List } from "../../api/types";
import { text } from "../../i18n";
import { bytesOf, dateTimeOf } from "../../i18n/format";
import { siteClock } from "../../state/clock";
import { client } from "../../state/session";
import { cameras, zone } from "../../state/site";
import { Dialog } from "../../ui/Dialog";
import { Button, ErrorNote, Field, Note, Segments } from "../../ui/parts";
import { bytesAbout, useRates } from "../investigate/rates";
import { covering } from "./covering";
import { Contents } from "./ExportCard";
import { Reason } from "./Reason";
import { bundleBytes, footageWithin } from "./sizes";
import { sent } from "./spans";
import { CameraChecks, spanFault, SpanFields, type FieldSpan } from "./SpanFields";

interface ExportDialogProps {
  /** Of which incident; null = the footage is first kept by a new one. */
  incident: Incident | null;
  cameraIds?: readonly string[];
  startMs?: number;
  endMs?: number;
  /** One that came to nothing: the new one is asked for as it was. */
  like?: Export | null;
  onBegun: (made: Export) => void;
  onClose: () => void;
}

const HALF_HOUR_MS = 1_800_000;

/** Ask for a bundle: of what, for whom, by which right; how large it will be is said before it begins. */
export function ExportDialog({ incident: given, cameraIds, startMs, endMs, like = null, onBegun, onClose }: ExportDialogProps) {
  const t = text.value.evidence;
  // Made by a first attempt whose export was refused: the next attempt goes on with it.
  const [incident, setIncident] = useState(given);
  const now = Math.floor(siteClock.now() / 60_000) * 60_000;
  const choices = given === null ? (cameras.value ?? []).map(({ camera_id: id, name }) => ({ id, name })) : given.footage.per_camera.map(({ camera_uuid: id, name }) => ({ id, name }));
  const [chosen, setChosen] = useState<string[]>(given === null ? [...(cameraIds ?? [])] : chosenOf(given, like));
  const [span, setSpan] = useState<FieldSpan>({
    startMs: like !== null ? Date.parse(like.start) : startMs ?? (given === null ? now - HALF_HOUR_MS : Date.parse(given.start)),
    endMs: like !== null ? Date.parse(like.end) : endMs ?? (given === null ? now : Math.min(Date.parse(given.end), siteClock.now())),
  });
  const [reason, setReason] = useState("");
  const [request, setRequest] = useState<LegalRequest>(like?.request ?? { authority: "", purpose: "", reference: given?.reference ?? "", legal_basis: "" });
  const [registration, setRegistration] = useState("");
  const [gaps, setGaps] = useState<"keep" | "collapse">("keep");
  const [options, setOptions] = useState({ snapshots: true, readings: true });
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const fault = spanFault(span) ?? (span.endMs !== null && span.endMs > siteClock.now() ? t.exportAhead : null);
  const kept = useKept(given === null);
  const found = given !== null || incident !== null || span.startMs === null || span.endMs === null ? null : covering(kept, chosen, span.startMs, span.endMs);
  const [asOf] = useState(siteClock.now());
  const isLive = given !== null && Date.parse(given.end) > asOf;
  useEffect(() => {
    if (found !== null && request.reference === "") setRequest({ ...request, reference: found.reference });
  }, [found?.incident_id]);
  const asked = (field: keyof typeof request) => ({
    value: request[field],
    maxLength: 300,
    onInput: (event: { currentTarget: HTMLInputElement }) => setRequest({ ...request, [field]: event.currentTarget.value }),
  });

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (span.startMs === null || span.endMs === null || fault !== null || chosen.length === 0) return;
    setBusy(true);
    setError(null);
    const holding = given ?? found;
    const start = sent(span.startMs, like?.start ?? holding?.start);
    const end = sent(span.endMs, like?.end ?? holding?.end);
    try {
      let kept = incident ?? found;
      if (kept === null) {
        const body: IncidentBody = { cameras: chosen, start, end, reason: reason.trim(), reference: request.reference.trim().slice(0, 200) };
        kept = await client.post<Incident>("/incidents", body);
        setIncident(kept);
      }
      const body: ExportBody = { incident_id: kept.incident_id, cameras: chosen, start, end, options: { gaps, ...options }, request: trimmed(request), operator_registration: registration.trim() };
      onBegun(await client.post<Export>("/exports", body, { timeoutMs: 30_000 }));
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Dialog title={t.exportTitle} onClose={onClose} shape="drawer" hasWork={() => reason !== "" || request.authority !== "" || request.purpose !== ""}>
      <form class="drawer-form" onSubmit={(event) => void submit(event)}>
        <div class="dialog-body">
          {given !== null && (
            <div class="muted">
              <Reason words={t.exportOf(given.reason)} />
            </div>
          )}
          {isLive && <Note tone="held">{t.liveNote(dateTimeOf(given.end, zone.value), dateTimeOf(asOf, zone.value))}</Note>}
          <div class="form">
            <CameraChecks cameras={choices} chosen={chosen} onChange={setChosen} />
            <SpanFields span={span} onChange={setSpan} fault={fault} />
            {found !== null && (
              <div class="wide" data-kept={found.incident_id}>
                <Note tone="held" title={t.keptAlready}>
                  <Reason words={t.exportOf(found.reason)} />
                </Note>
              </div>
            )}
            {given === null && found === null && (
              <Field label={t.why} hint={t.whyHint} wide>
                {(ids) => <textarea {...ids} autofocus required minLength={5} maxLength={2000} rows={2} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />}
              </Field>
            )}
            <Field label={t.authority} hint={t.authorityHint}>
              {(ids) => <input {...ids} {...asked("authority")} autofocus={given !== null} required minLength={2} />}
            </Field>
            <Field label={t.purpose} hint={t.purposeHint}>
              {(ids) => <input {...ids} {...asked("purpose")} required minLength={2} />}
            </Field>
            <Field label={t.requestReference}>{(ids) => <input {...ids} {...asked("reference")} />}</Field>
            <Field label={t.legalBasis} hint={t.legalBasisHint}>
              {(ids) => <input {...ids} {...asked("legal_basis")} />}
            </Field>
            <Field label={t.registration}>{(ids) => <input {...ids} maxLength={300} value={registration} onInput={(event) => setRegistration(event.currentTarget.value)} />}</Field>
            <div class="field wide">
              <span class="field-label">{t.gaps}</span>
              <Segments
                label={t.gaps}
                options={[
                  { value: "keep", label: t.gapsKeep },
                  { value: "collapse", label: t.gapsCollapse },
                ]}
                value={gaps}
                onChange={setGaps}
              />
              <small class="hint">{gaps === "keep" ? t.gapsKeepHint : t.gapsCollapseHint}</small>
            </div>
            {(["snapshots", "readings"] as const).map((option) => (
              <label key={option} class="check wide">
                <input type="checkbox" checked={options[option]} onChange={(event) => setOptions({ ...options, [option]: event.currentTarget.checked })} />
                {t[option]}
              </label>
            ))}
          </div>
          <Contents />
          <Sizes incident={incident} chosen={chosen} span={span} isOwn={given !== null} />
          {error !== null && incident !== null && given === null && <Note>{t.incidentMade}</Note>}
          <ErrorNote error={error} />
        </div>
        <footer>
          <Button onClick={onClose}>{text.value.common.cancel}</Button>
          <Button type="submit" kind="primary" disabled={isBusy || chosen.length === 0 || fault !== null}>
            {t.exportAction}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

/** The cameras of an incident, by uuid: all of them, or those that a former bundle had. */
function chosenOf(given: Incident, like: Export | null): string[] {
  return given.footage.per_camera.filter((camera) => like === null || like.cameras.includes(camera.camera_id)).map((camera) => camera.camera_uuid);
}

function trimmed({ authority, reference, legal_basis, purpose }: LegalRequest): LegalRequest {
  return { authority: authority.trim(), reference: reference.trim(), legal_basis: legal_basis.trim(), purpose: purpose.trim() };
}

/** How large it will be, and whether the volume has the room. */
function Sizes({ incident, chosen, span, isOwn }: { incident: Incident | null; chosen: readonly string[]; span: FieldSpan; isOwn: boolean }) {
  const t = text.value.evidence;
  const rates = useRates(isOwn ? [] : chosen, span.startMs);
  const free = useFree();
  if (span.startMs === null || span.endMs === null || span.endMs <= span.startMs || chosen.length === 0) return null;
  const bytes = isOwn && incident !== null ? footageWithin(incident, chosen, span.startMs, span.endMs).bytes : bytesAbout(rates, chosen, span.startMs, span.endMs);
  if (bytes === 0) return <Note tone={isOwn ? "warn" : "plain"}>{isOwn ? t.nothingThere : t.sizeUnknown}</Note>;
  const isTooBig = free !== null && bundleBytes(bytes) > free;
  return (
    <Note tone={isTooBig ? "warn" : "plain"}>
      {(isOwn ? t.sizes : t.sizesAbout)(bytesOf(bytes), bytesOf(bundleBytes(bytes)))} {free !== null && (isTooBig ? t.tooBig(bytesOf(free)) : t.free(bytesOf(free)))}
    </Note>
  );
}

/** The newest open incidents; none where they are of no use. */
function useKept(isWanted: boolean): readonly Incident[] {
  const [incidents, setIncidents] = useState<readonly Incident[]>([]);
  useEffect(() => {
    if (!isWanted) return;
    client
      .get<List<Incident>>("/incidents?state=open&limit=50")
      .then((page) => setIncidents(page.items))
      .catch(() => {});
  }, []);
  return incidents;
}

/** What is free on the volume; null = not known. */
function useFree(): number | null {
  const [free, setFree] = useState<number | null>(null);
  useEffect(() => {
    client
      .get<StorageReport>("/storage")
      .then((report) => setFree(report.volume.free_bytes))
      .catch(() => {});
  }, []);
  return free;
}

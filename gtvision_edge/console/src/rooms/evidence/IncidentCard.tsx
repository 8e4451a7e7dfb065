import { useState } from "preact/hooks";
import type { Export, Incident } from "../../api/evidence";
import { text } from "../../i18n";
import { bytesOf, dateOf, dateTimeOf, exactSpanOf, rangeOf, timeOf } from "../../i18n/format";
import { nowMs } from "../../state/clock";
import { may } from "../../state/permissions";
import { hashOf } from "../../state/route";
import { me } from "../../state/session";
import { cameras, zone } from "../../state/site";
import { Button, Pill } from "../../ui/parts";
import { isEmpty } from "./held";
import { Reason } from "./Reason";
import { thumbnailUrl } from "../investigate/Still";

interface IncidentCardProps {
  incident: Incident;
  exports: readonly Export[];
  onAsk: (what: "change" | "release" | "export") => void;
}

export function IncidentCard({ incident, exports, onAsk }: IncidentCardProps) {
  const t = text.value.evidence;
  const role = me.value?.role;
  const [hasPictures, setHasPictures] = useState(false);
  const { footage, released } = incident;
  const making = exports.filter((each) => each.state === "queued" || each.state === "running").length;
  const ready = exports.filter((each) => each.state === "done").length;
  const mayWatch = may(role, "watch");
  return (
    <article class="card incident-card" data-incident={incident.incident_id} aria-label={incident.reason}>
      <header>
        <Reason words={incident.reason} isTitle />
        <State incident={incident} />
        <span class="grow" />
        <span class="muted">{t.openedBy(incident.created_by.name, dateTimeOf(incident.created_at, zone.value))}</span>
      </header>
      <dl class="facts">
        <dt>{t.reference}</dt>
        <dd>{incident.reference || "—"}</dd>
        <dt>{t.stretch}</dt>
        <dd>
          {rangeOf(incident.start, incident.end, zone.value)}, {footage.per_camera.map((camera) => camera.name).join(", ")}
          {incident.state === "open" && Date.parse(incident.end) > nowMs.value && <small class="muted block">{t.stillGoing}</small>}
        </dd>
        <dt>{t.missing}</dt>
        <dd class={footage.complete ? "" : "word-warn"}>{missingWords(incident)}</dd>
        <dt>{t.size}</dt>
        <dd>{t.sizeOf(bytesOf(footage.bytes), footage.segments)}</dd>
        <dt>{t.packages}</dt>
        <dd>{t.packagesOf(ready, making, exports.length - ready - making)}</dd>
        {released && (
          <>
            <dt>{t.releaseReason}</dt>
            <dd>
              <Reason words={released.reason} /> <span class="muted">({t.releasedBy(released.by, dateTimeOf(released.at, zone.value))})</span>
            </dd>
          </>
        )}
      </dl>
      {hasPictures && <Pictures incident={incident} />}
      <footer class="card-actions">
        {may(role, "exportFootage") && incident.state === "open" && (
          <Button kind="primary" icon="evidence" onClick={() => onAsk("export")}>
            {t.newExport}
          </Button>
        )}
        {mayWatch && footage.segments > 0 && (
          <>
            <a class="btn" href={videoOf(incident)}>
              {t.openVideo}
            </a>
            <Button kind="ghost" expanded={hasPictures} onClick={() => setHasPictures(!hasPictures)}>
              {hasPictures ? t.hidePictures : t.showPictures}
            </Button>
          </>
        )}
        <span class="grow" />
        {may(role, "holdFootage") && incident.state === "open" && (
          <>
            <Button kind="ghost" onClick={() => onAsk("change")}>
              {t.change}
            </Button>
            <Button kind="ghost" onClick={() => onAsk("release")}>
              {t.release}…
            </Button>
          </>
        )}
      </footer>
    </article>
  );
}

function State({ incident }: { incident: Incident }) {
  const t = text.value.evidence;
  if (incident.released !== null) return <Pill>{t.released}</Pill>;
  if (isEmpty(incident)) return <Pill tone="warn">{t.empty}</Pill>;
  if (incident.review_at === null) return <Pill tone="held">{t.kept}</Pill>;
  const date = dateOf(incident.review_at, zone.value);
  return Date.parse(incident.review_at) < nowMs.value ? <Pill tone="warn">{t.reviewDue(date)}</Pill> : <Pill tone="held">{t.keptUntil(date)}</Pill>;
}

function missingWords({ footage }: Incident): string {
  const t = text.value.evidence;
  const incomplete = footage.per_camera.filter((camera) => !camera.complete);
  if (incomplete.length === 0) return t.nothingMissing;
  return incomplete
    .map(({ name, gaps }) => t.missingOf(exactSpanOf(gaps.reduce((sum, gap) => sum + (Date.parse(gap.end) - Date.parse(gap.start)) / 1000, 0)), name, gaps.length))
    .join("; ");
}

function videoOf({ start, end, footage }: Incident): string {
  const known = new Set((cameras.value ?? []).map((camera) => camera.camera_id));
  const shown = footage.per_camera.map((camera) => camera.camera_id).filter((id) => known.has(id));
  const lengthS = Math.round((Date.parse(end) - Date.parse(start)) / 1000);
  return hashOf("investigate", null, { c: shown.slice(0, 4).join(","), t: start, z: String(Math.min(31 * 86_400, Math.max(60, Math.round(lengthS * 1.3)))) });
}

const PICTURES = 4;

/** Four moments, taken in turn from the cameras. To show them is a view, and audited; so they are asked for. */
function Pictures({ incident }: { incident: Incident }) {
  const [from, until] = [Date.parse(incident.start), Math.min(Date.parse(incident.end), nowMs.peek())];
  const held = incident.footage.per_camera.filter((camera) => camera.segments > 0);
  return (
    <div class="pictures">
      {Array.from({ length: PICTURES }, (_, at) => {
        const camera = held[at % held.length];
        if (camera === undefined) return null;
        const ms = Math.round(from + ((until - from) * (at + 0.5)) / PICTURES);
        return <Picture key={at} cameraId={camera.camera_id} name={camera.name} ms={ms} />;
      })}
    </div>
  );
}

function Picture({ cameraId, name, ms }: { cameraId: string; name: string; ms: number }) {
  const [isMissing, setMissing] = useState(false);
  const words = text.value.evidence.pictureOf(name, timeOf(ms, zone.value));
  return (
    <figure>
      {isMissing ? <span class="no-picture faint">—</span> : <img src={thumbnailUrl(cameraId, ms, 320)} alt={words} onError={() => setMissing(true)} />}
      <figcaption>{words}</figcaption>
    </figure>
  );
}

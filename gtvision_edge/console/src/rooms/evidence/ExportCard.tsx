import type { Export, Incident } from "../../api/evidence";
import { text } from "../../i18n";
import { bytesOf, dateTimeOf, rangeOf, spanOf } from "../../i18n/format";
import { cameras, zone } from "../../state/site";
import { say } from "../../state/toasts";
import { Icon } from "../../ui/Icon";
import { Button, Pill, type Tone } from "../../ui/parts";
import { Reason } from "./Reason";

const TONES: Partial<Record<Export["state"], Tone>> = { failed: "alarm" };

interface ExportCardProps {
  item: Export;
  /** null = not known. */
  incident: Incident | null;
  /** May cancel, download and delete. */
  mayTake: boolean;
  onLeave: () => void;
  /** Ask for another one like it. */
  onAgain: () => void;
}

export function ExportCard({ item, incident, mayTake, onLeave, onAgain }: ExportCardProps) {
  const t = text.value.evidence;
  const { bundle, request } = item;
  const names = item.cameras.map((id) => cameras.value?.find((camera) => camera.camera_id === id)?.name ?? id);
  const isOver = item.state === "failed" || item.state === "cancelled" || item.state === "expired";
  const canAgain = isOver && mayTake && incident?.state === "open";
  const runs = item.state === "queued" || item.state === "running";
  return (
    <article class="card incident-card" data-export={item.export_id} data-state={item.state} aria-label={item.package_id}>
      <header>
        <h2 class="mono">{item.package_id}</h2>
        <Pill tone={TONES[item.state] ?? "plain"}>{t.exportStates[item.state]}</Pill>
        <span class="grow" />
        <span class="muted">{t.requestedBy(item.created_by.name, dateTimeOf(item.created_at, zone.value))}</span>
      </header>
      {runs && <Progress item={item} />}
      {item.error !== null && <Failed code={item.error} />}
      {item.state === "expired" && <p class="muted">{item.expires_at === null ? t.expiredPlain : t.expiredOn(dateTimeOf(item.expires_at, zone.value))}</p>}
      {isOver && mayTake && incident?.state === "released" && <p class="muted">{t.noLongerKept}</p>}
      <dl class="facts">
        {incident !== null && (
          <>
            <dt>{t.incident}</dt>
            <dd>
              <Reason words={incident.reason} />
            </dd>
          </>
        )}
        <dt>{t.stretch}</dt>
        <dd>
          {rangeOf(item.start, item.end, zone.value)}, {names.join(", ")}
          {incident !== null && isShortened(item, incident) && <small class="muted block">{t.shortened(dateTimeOf(incident.end, zone.value))}</small>}
        </dd>
        <dt>{t.forWhom}</dt>
        <dd>
          {request.authority}, {request.purpose}
          {request.reference && ` · ${request.reference}`}
        </dd>
        {bundle !== null && (
          <>
            <dt>{t.digest}</dt>
            <dd class="digest">
              <span class="mono" title={bundle.sha256}>
                {bundle.sha256.slice(0, 8)} … {bundle.sha256.slice(-8)}
              </span>
              <Button kind="ghost" onClick={() => void copy(bundle.sha256)}>
                {t.copy}
              </Button>
            </dd>
          </>
        )}
      </dl>
      {bundle !== null && <Contents />}
      {canAgain && (
        <footer class="card-actions">
          <Button icon="evidence" onClick={onAgain}>
            {t.again}
          </Button>
          <small class="faint">{t.againHint}</small>
        </footer>
      )}
      {mayTake && (runs || bundle !== null) && (
        <footer class="card-actions">
          {bundle !== null && (
            <>
              <a class="btn primary" href={`/api/v1/exports/${item.export_id}/bundle`} download={bundle.name}>
                <Icon name="download" size={18} />
                {t.download(bytesOf(bundle.bytes))}
              </a>
              <small class="faint">
                {t.downloadHint} {item.expires_at !== null && <>· {t.expires(dateTimeOf(item.expires_at, zone.value))}</>}
              </small>
            </>
          )}
          <span class="grow" />
          <Button kind={runs ? "plain" : "ghost"} onClick={onLeave}>
            {runs ? t.cancelExport : t.deleteBundle}
          </Button>
        </footer>
      )}
    </article>
  );
}

/** It was made while the incident still went on, and takes what there was by then. */
function isShortened(item: Export, incident: Incident): boolean {
  return Date.parse(incident.end) > Date.parse(item.created_at) && Date.parse(item.end) < Date.parse(incident.end);
}

/** What whoever gets the bundle finds in it. */
export function Contents() {
  const t = text.value.evidence;
  return (
    <details>
      <summary>{t.contents}</summary>
      <ul class="contents">
        {t.contentsList.map((each) => (
          <li key={each}>{each}</li>
        ))}
      </ul>
    </details>
  );
}

function Failed({ code }: { code: string }) {
  const t = text.value;
  const words = t.failures[code] ?? t.volumes[code];
  return (
    <p class="word-alarm">
      {words ? `${words.title} ${words.cure}` : t.errors.unexpected} <span class="faint">{t.common.code(code)}</span>
    </p>
  );
}

function Progress({ item }: { item: Export }) {
  const t = text.value.evidence;
  const { done_bytes: done, total_bytes: total, eta_s: eta } = item.progress;
  const percent = total > 0 ? Math.min(100, (done / total) * 100) : 0;
  return (
    <div class="progress">
      <span class="muted">
        {item.step ? (t.steps[item.step] ?? item.step) : t.exportStates[item.state]}
        {total > 0 && ` · ${t.progress(bytesOf(done), bytesOf(total))}`}
        {eta !== null && ` · ${t.eta(spanOf(eta))}`}
      </span>
      <div class="meter" role="progressbar" aria-label={item.package_id} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(percent)}>
        <i style={{ width: `${percent}%` }} />
      </div>
    </div>
  );
}

/** Into the clipboard, where the browser has one for this page (HTTPS or the box itself). */
export async function copy(words: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(words);
    say(text.value.evidence.copied);
  } catch {
    say(words);
  }
}

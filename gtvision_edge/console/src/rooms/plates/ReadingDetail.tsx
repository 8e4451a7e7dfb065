import { useState } from "preact/hooks";
import type { Alert, Detection } from "../../api/plates";
import { text } from "../../i18n";
import { dateOf, dateTimeOf, numberOf } from "../../i18n/format";
import { pendingOf } from "../../state/alerts";
import { may } from "../../state/permissions";
import { go } from "../../state/route";
import { me } from "../../state/session";
import { zone } from "../../state/site";
import { Button, Note } from "../../ui/parts";
import { twinOf, written } from "../../ui/plate";
import { PlateChip } from "../../ui/PlateChip";
import { AckDialog } from "./AckDialog";
import { Crop } from "./Crop";
import { Journey } from "./Journey";
import { loadWatches, look, wanted, watchedVehicles } from "./store";
import { WatchForm } from "./WatchForm";
import { cameraName, confidenceOf, directionOf, vehicleWords, videoHash, watchOf } from "./words";

/** Everything that is known of a reading, and where to go from it. */
export function ReadingDetail({ detection, onClose }: { detection: Detection; onClose: () => void }) {
  const t = text.value.plates;
  const [acknowledging, setAcknowledging] = useState<Alert | null>(null);
  const [isAdding, setAdding] = useState(false);
  const watch = watchOf(watchedVehicles.value, detection);
  const pending = pendingOf(detection);
  const twin = detection.placa === null ? null : twinOf(detection.placa);
  return (
    <aside class="detail" aria-label={t.details}>
      <div class="detail-scroll" tabIndex={0}>
        <header class="detail-head">
          <PlateChip plate={detection.placa} suggestions={detection.sugestoes} isAnonymised={detection.anonymised} />
          <span class="muted">{twin !== null && t.alsoAs(written(twin))}</span>
          <span class="grow" />
          <Button kind="ghost" icon="close" label={text.value.common.close} onClick={onClose} />
        </header>
        <Crop detection={detection} kind="scene" />
        {detection.has_plate_picture && <Crop detection={detection} />}
        {detection.sugestoes.length > 0 && (
          <p class="similar">
            {detection.sugestoes.map((plate) => (
              <button key={plate} type="button" class="opener-link" onClick={() => void look({ plate })}>
                {t.perhaps(plate)}
              </button>
            ))}
          </p>
        )}
        {watch !== null && (
          <Note tone="alarm" title={t.onList(t.watch.levels[watch.level] ?? watch.level)}>
            {watch.reason} ({watch.expires_at === null ? t.forever : t.until(dateOf(Date.parse(watch.expires_at) - 1, zone.value))})
          </Note>
        )}
        <Facts detection={detection} pending={pending} />
        <Journey key={wanted.value.purpose} detection={detection} />
      </div>
      <footer>
        <Button kind="primary" hotkey="↵" onClick={() => go(videoHash(detection))}>
          {t.openVideo}
        </Button>
        {pending !== null && may(me.value?.role, "acknowledge") && <Button onClick={() => setAcknowledging(pending)}>{t.alerts.acknowledge}</Button>}
        {watch === null && detection.placa !== null && may(me.value?.role, "editWatchlist") && <Button onClick={() => setAdding(true)}>{t.addToList}</Button>}
      </footer>
      {acknowledging !== null && <AckDialog alert={acknowledging} onClose={() => setAcknowledging(null)} />}
      {isAdding && <WatchForm watch={null} plate={detection.placa ?? ""} tenantId={detection.tenant_id} onClose={() => setAdding(false)} onSaved={() => void loadWatches()} />}
    </aside>
  );
}

function Facts({ detection, pending }: { detection: Detection; pending: Alert | null }) {
  const t = text.value.plates;
  const { lane, speed_kmh: speed } = detection.facts;
  const direction = directionOf(detection);
  const vehicle = vehicleWords(detection);
  const raw = detection.placa_lida !== "" && detection.placa_lida !== detection.placa ? detection.placa_lida : null;
  const rows: [string, string][] = [
    [t.facts.read, `${dateTimeOf(detection.timestamp, zone.value)} · ${confidenceOf(detection)}${raw === null ? "" : ` · ${t.readAs(raw)}`}`],
    [t.facts.camera, cameraName(detection.camera_id)],
    ...(direction === null ? [] : [[t.facts.direction, direction] as [string, string]]),
    ...(typeof lane === "number" ? [[t.facts.lane, String(lane)] as [string, string]] : []),
    ...(typeof speed === "number" ? [[t.facts.speed, t.speed(numberOf(speed))] as [string, string]] : []),
    ...(vehicle === null ? [] : [[t.facts.vehicle, vehicle] as [string, string]]),
    [t.facts.received, `${dateTimeOf(detection.received_at, zone.value)}${detection.late ? ` · ${t.facts.late}` : ""}`],
    [t.facts.source, `${text.value.plateSources[detection.source] ?? detection.source}, ${text.value.plateTrust[detection.trust] ?? detection.trust}`],
    ...(pending === null ? [] : [[t.facts.alert, t.alerts.waiting] as [string, string]]),
  ];
  return (
    <dl class="facts">
      {rows.map(([name, value]) => (
        <>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </>
      ))}
    </dl>
  );
}

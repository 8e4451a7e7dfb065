import { useState } from "preact/hooks";
import type { Alert, Detection } from "../../api/plates";
import { text } from "../../i18n";
import { whenOf } from "../../i18n/format";
import { feed, feedLink, hide, interrupting, pendingByReading } from "../../state/alerts";
import { KEPT } from "../../state/feed";
import { nowMs } from "../../state/clock";
import { may } from "../../state/permissions";
import { hashOf } from "../../state/route";
import { me } from "../../state/session";
import { zone } from "../../state/site";
import { Button } from "../../ui/parts";
import { PlateChip } from "../../ui/PlateChip";
import { AckDialog } from "../plates/AckDialog";
import { Crop } from "../plates/Crop";
import { FeedState } from "../plates/FeedState";
import { SoundSwitch } from "../plates/SoundSwitch";
import { alertHash, cameraName, confidenceOf, videoHash } from "../plates/words";
import { closeReadings } from "./readings";

const SHOWN_ALERTS = 3;
const HOUR_MS = 3_600_000;

/** Readings as they come; wanted plates stand on top, in red, until somebody acknowledges them. */
export function ReadingsPanel() {
  const t = text.value.plates.now;
  const [closing, setClosing] = useState<Alert | null>(null);
  const waiting = interrupting.value;
  const onTop = new Set(waiting.map((alert) => alert.detection.detection_id));
  const readings = feed.value.readings.filter((each) => !onTop.has(each.detection_id));
  return (
    <aside class="panel readings-panel" aria-label={t.title}>
      <header>
        <h2>{t.title}</h2>
        <small class="muted">{feedLink.value === "connecting" ? t.connecting : hourWords(feed.value.readings)}</small>
        <span class="grow" />
        <Button kind="ghost" icon="close" label={text.value.common.close} onClick={closeReadings} />
      </header>
      <FeedState />
      <ol tabIndex={0}>
        {waiting.slice(0, SHOWN_ALERTS).map((alert) => (
          <Row key={alert.alert_id} reading={alert.detection} alert={alert} />
        ))}
        {waiting.length > SHOWN_ALERTS && (
          <li class="pad">
            <a href={hashOf("plates", "alerts")}>{text.value.plates.alerts.others(waiting.length - SHOWN_ALERTS)}</a>
          </li>
        )}
        {readings.map((each) => (
          <Row key={each.detection_id} reading={each} alert={pendingByReading.value.get(each.detection_id) ?? null} />
        ))}
        {readings.length === 0 && waiting.length === 0 && feedLink.value !== "connecting" && <li class="muted pad">{t.none}</li>}
      </ol>
      <footer>{waiting[0] === undefined ? <SoundSwitch /> : <Acknowledging alert={waiting[0]} onOpen={setClosing} />}</footer>
      {closing !== null && <AckDialog alert={closing} onClose={() => setClosing(null)} />}
    </aside>
  );
}

function Row({ reading, alert }: { reading: Detection; alert: Alert | null }) {
  return (
    <li class={alert === null ? "" : "hit"} data-reading={reading.detection_id}>
      <a href={alert === null ? videoHash(reading) : alertHash(alert)}>
        <Crop detection={reading} />
        <span class="reading-words">
          <PlateChip plate={reading.placa} suggestions={reading.sugestoes} isAnonymised={reading.anonymised} /> <span class="faint">{confidenceOf(reading)}</span>
          <small>
            {alert !== null && <b>{alert.reason} · </b>}
            {cameraName(reading.camera_id)} · {whenOf(reading.timestamp, nowMs.value, zone.value)}
          </small>
        </span>
      </a>
    </li>
  );
}

function Acknowledging({ alert, onOpen }: { alert: Alert; onOpen: (alert: Alert) => void }) {
  const t = text.value.plates;
  if (may(me.value?.role, "acknowledge")) {
    return (
      <Button kind="primary" hotkey="A" onClick={() => onOpen(alert)}>
        {t.now.acknowledge}
      </Button>
    );
  }
  return (
    <Button label={t.alerts.hideHint} onClick={() => hide(alert)}>
      {t.alerts.hide}
    </Button>
  );
}

/** Only those that are kept are counted, and it says where there were more. */
function hourWords(readings: readonly Detection[]): string {
  const from = nowMs.value - HOUR_MS;
  const count = readings.filter((each) => Date.parse(each.received_at) >= from).length;
  return text.value.plates.now.lastHour(count, count >= KEPT);
}

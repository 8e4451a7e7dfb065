import { useState } from "preact/hooks";
import type { Alert, Detection } from "../../api/plates";
import { text } from "../../i18n";
import { whenOf } from "../../i18n/format";
import { isUrgent, type AlertGroup } from "../../state/alertOrder";
import { feed, feedLink, hide, interrupting, interruptingGroups, pendingByReading } from "../../state/alerts";
import { KEPT } from "../../state/feed";
import { nowMs } from "../../state/clock";
import { may } from "../../state/permissions";
import { hashOf } from "../../state/route";
import { me } from "../../state/session";
import { zone } from "../../state/site";
import { Button } from "../../ui/parts";
import { isLow } from "../../ui/plate";
import { PlateChip } from "../../ui/PlateChip";
import { AckDialog } from "../plates/AckDialog";
import { Crop } from "../plates/Crop";
import { FeedState } from "../plates/FeedState";
import { SoundSwitch } from "../plates/SoundSwitch";
import { alertHash, cameraName, confidenceOf, videoHash } from "../plates/words";
import { closeReadings } from "./readings";

const SHOWN_ALERTS = 3;
const HOUR_MS = 3_600_000;

/** Readings as they come; wanted plates stand on top, the gravest first, in red, until somebody acknowledges them. */
export function ReadingsPanel() {
  const t = text.value.plates.now;
  const [closing, setClosing] = useState<readonly Alert[]>([]);
  const waiting = interrupting.value;
  const onTop = new Set(waiting.map((alert) => alert.detection.detection_id));
  const groups = interruptingGroups.value;
  const hiddenAlerts = groups.slice(SHOWN_ALERTS).reduce((sum, group) => sum + group.alerts.length, 0);
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
        {groups.slice(0, SHOWN_ALERTS).map(({ head, alerts }) => (
          <Row key={head.alert_id} reading={head.detection} alert={head} count={alerts.length} />
        ))}
        {hiddenAlerts > 0 && (
          <li class="pad">
            <a href={hashOf("plates", "alerts")}>{text.value.plates.alerts.others(hiddenAlerts)}</a>
          </li>
        )}
        {readings.map((each) => (
          <Row key={each.detection_id} reading={each} alert={pendingByReading.value.get(each.detection_id) ?? null} />
        ))}
        {readings.length === 0 && waiting.length === 0 && feedLink.value !== "connecting" && <li class="muted pad">{t.none}</li>}
      </ol>
      <footer>
        {groups[0] !== undefined && <Acknowledging group={groups[0]} onOpen={setClosing} />}
        <SoundSwitch isShort={groups.length > 0} />
      </footer>
      {closing.length > 0 && <AckDialog alerts={closing} onClose={() => setClosing([])} />}
    </aside>
  );
}

function Row({ reading, alert, count = 1 }: { reading: Detection; alert: Alert | null; count?: number }) {
  return (
    <li class={alert !== null && isUrgent(alert) ? "hit" : ""} data-reading={reading.detection_id}>
      <a href={alert === null ? videoHash(reading) : alertHash(alert)}>
        <Crop detection={reading} />
        <span class="reading-words">
          <PlateChip plate={reading.placa} suggestions={reading.sugestoes} confidence={reading.confianca} isAnonymised={reading.anonymised} /> <span class={isLow(reading.confianca) ? "word-warn" : "faint"}>{confidenceOf(reading)}</span>
          {alert !== null && (
            <small class="reason" title={alert.reason}>
              <b>
                {text.value.alerting.levels[alert.level]} · {alert.reason}
              </b>
            </small>
          )}
          <small>
            {count > 1 && `${text.value.alerting.passages(count)} · `}
            {cameraName(reading.camera_id)} · {whenOf(reading.timestamp, nowMs.value, zone.value)}
          </small>
        </span>
      </a>
    </li>
  );
}

function Acknowledging({ group, onOpen }: { group: AlertGroup; onOpen: (alerts: readonly Alert[]) => void }) {
  const t = text.value.plates;
  if (may(me.value?.role, "acknowledge")) {
    return (
      <Button kind="primary" hotkey="A" onClick={() => onOpen(group.alerts)}>
        {t.now.acknowledge}
      </Button>
    );
  }
  return (
    <Button label={t.alerts.hideHint} onClick={() => group.alerts.forEach(hide)}>
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

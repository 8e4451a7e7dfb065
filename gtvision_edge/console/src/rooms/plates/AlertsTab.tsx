import { useEffect, useState } from "preact/hooks";
import type { Alert } from "../../api/plates";
import { text } from "../../i18n";
import { whenOf } from "../../i18n/format";
import { pendingAlerts } from "../../state/alerts";
import { nowMs } from "../../state/clock";
import { may } from "../../state/permissions";
import { me } from "../../state/session";
import { zone } from "../../state/site";
import { Button, Empty, ErrorNote, Segments, Skeleton } from "../../ui/parts";
import { PlateChip } from "../../ui/PlateChip";
import { usePages } from "../evidence/pages";
import { AckDialog } from "./AckDialog";
import { Crop } from "./Crop";
import { FeedState } from "./FeedState";
import { SoundSwitch } from "./SoundSwitch";
import { alertHash, cameraName } from "./words";

/** What is to be seen to, and what was, by whom. */
export function AlertsTab() {
  const t = text.value.plates.alerts;
  const [kind, setKind] = useState<"pending" | "all">("pending");
  const [closing, setClosing] = useState<Alert | null>(null);
  const all = usePages<Alert>("/alerts?limit=50", (alert) => alert.alert_id);
  const waiting = pendingAlerts.value;
  // What the feed tells is what the list of all must show, too.
  useEffect(() => void all.reload(), [waiting]);
  const listed = kind === "pending" ? waiting : all.items;
  return (
    <div class="room-body pad stack" tabIndex={-1}>
      <div class="list-bar">
        <Segments label={t.show} options={(["pending", "all"] as const).map((value) => ({ value, label: value === "pending" ? `${t.pending} (${waiting.length})` : t.all }))} value={kind} onChange={setKind} />
        <span class="grow" />
        <SoundSwitch />
      </div>
      <FeedState />
      {kind === "all" && <ErrorNote error={all.error} action={<Button onClick={() => void all.reload()}>{text.value.common.retry}</Button>} />}
      {listed === null && all.error === null && <Skeleton rows={5} height={56} />}
      {listed?.length === 0 && <Empty title={kind === "pending" ? t.none : t.noneEver}>{t.noneHint}</Empty>}
      {listed !== null && listed.length > 0 && <AlertTable alerts={listed} onClose={setClosing} />}
      {kind === "all" && all.next !== null && (
        <div>
          <Button onClick={all.more}>{text.value.plates.more}</Button>
        </div>
      )}
      {closing !== null && <AckDialog alert={closing} onClose={() => setClosing(null)} />}
    </div>
  );
}

function AlertTable({ alerts, onClose }: { alerts: readonly Alert[]; onClose: (alert: Alert) => void }) {
  const t = text.value.plates.alerts;
  const mayAcknowledge = may(me.value?.role, "acknowledge");
  return (
    <table class="alert-table cards">
      <thead>
        <tr>
          <th>{t.columns.crop}</th>
          <th>{t.columns.plate}</th>
          <th>{t.columns.reason}</th>
          <th>{t.columns.camera}</th>
          <th>{t.columns.when}</th>
          <th>{t.columns.state}</th>
        </tr>
      </thead>
      <tbody>
        {alerts.map((alert) => (
          <tr key={alert.alert_id} class={alert.acknowledged === null ? "hit" : ""} data-alert={alert.alert_id}>
            <td>
              <Crop detection={alert.detection} />
            </td>
            <td>
              <a href={alertHash(alert)}>
                <PlateChip plate={alert.detection.placa} suggestions={alert.detection.sugestoes} isAnonymised={alert.detection.anonymised} />
              </a>
            </td>
            <td class="reason-cell">
              {alert.reason} <span class="muted">· {text.value.plates.watch.levels[alert.level]}</span>
            </td>
            <td>{cameraName(alert.camera_id)}</td>
            <td class="mono">{whenOf(alert.detection.timestamp, nowMs.value, zone.value)}</td>
            <td class="row-actions state-cell">
              {alert.acknowledged !== null ? (
                <span class="muted">
                  {t.seenBy(alert.acknowledged.by, whenOf(alert.acknowledged.at, nowMs.value, zone.value))}
                  {alert.acknowledged.note && <span class="block">{alert.acknowledged.note}</span>}
                </span>
              ) : mayAcknowledge ? (
                <Button onClick={() => onClose(alert)}>{t.acknowledge}</Button>
              ) : (
                <span class="word-alarm">{t.waiting}</span>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

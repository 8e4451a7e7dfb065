import { useEffect, useState } from "preact/hooks";
import type { Alert } from "../../api/plates";
import { text } from "../../i18n";
import { whenOf } from "../../i18n/format";
import { groupsOf, isFlood, isUrgent, type AlertGroup } from "../../state/alertOrder";
import { pendingAlerts } from "../../state/alerts";
import { nowMs } from "../../state/clock";
import { may } from "../../state/permissions";
import { go } from "../../state/route";
import { me } from "../../state/session";
import { zone } from "../../state/site";
import { Button, Empty, ErrorNote, Segments, Skeleton } from "../../ui/parts";
import { PlateChip } from "../../ui/PlateChip";
import { usePages } from "../evidence/pages";
import { AckDialog } from "./AckDialog";
import { Crop } from "./Crop";
import { FeedState } from "./FeedState";
import { SoundSwitch } from "./SoundSwitch";
import { alertHash, cameraName, countWords } from "./words";

/** What is to be seen to, and what was, by whom. */
export function AlertsTab() {
  const t = text.value.plates.alerts;
  const [kind, setKind] = useState<"pending" | "all">("pending");
  const [closing, setClosing] = useState<readonly Alert[]>([]);
  const all = usePages<Alert>("/alerts?limit=50", (alert) => alert.alert_id);
  const waiting = pendingAlerts.value;
  // What the feed tells is what the list of all must show, too, once somebody looks at it.
  useEffect(() => {
    if (kind === "all") void all.reload();
  }, [kind, waiting]);
  const groups = kind === "pending" ? groupsOf(waiting) : (all.items?.map((alert) => ({ head: alert, alerts: [alert] })) ?? null);
  const mayAcknowledge = may(me.value?.role, "acknowledge");
  return (
    <div class="room-body pad stack" tabIndex={-1}>
      <div class="list-bar">
        <Segments label={t.show} options={(["pending", "all"] as const).map((value) => ({ value, label: value === "pending" ? `${t.pending} (${waiting.length})` : t.all }))} value={kind} onChange={setKind} />
        {isFlood(waiting) && <span class="word-alarm">{countWords(waiting)}</span>}
        <span class="grow" />
        {kind === "pending" && waiting.length > 1 && mayAcknowledge && <Button onClick={() => setClosing(waiting)}>{text.value.alerting.acknowledgeMany(waiting.length)}</Button>}
        <SoundSwitch />
      </div>
      <FeedState />
      {kind === "all" && <ErrorNote error={all.error} action={<Button onClick={() => void all.reload()}>{text.value.common.retry}</Button>} />}
      {groups === null && all.error === null && <Skeleton rows={5} height={56} />}
      {groups?.length === 0 && <Empty title={kind === "pending" ? t.none : t.noneEver}>{t.noneHint}</Empty>}
      {groups !== null && groups.length > 0 && <AlertTable groups={groups} onClose={mayAcknowledge ? setClosing : null} />}
      {kind === "all" && all.next !== null && (
        <div>
          <Button onClick={all.more}>{text.value.plates.more}</Button>
        </div>
      )}
      {closing.length > 0 && <AckDialog alerts={closing} onClose={() => setClosing([])} />}
    </div>
  );
}

interface AlertTableProps {
  groups: readonly AlertGroup[];
  /** null: who looks may not see to alerts. */
  onClose: ((alerts: readonly Alert[]) => void) | null;
}

function AlertTable({ groups, onClose }: AlertTableProps) {
  const t = text.value.plates.alerts.columns;
  return (
    <table class="alert-table cards">
      <thead>
        <tr>
          <th>{t.crop}</th>
          <th>{t.plate}</th>
          <th>{t.reason}</th>
          <th>{t.camera}</th>
          <th>{t.when}</th>
          <th>{t.state}</th>
        </tr>
      </thead>
      <tbody>
        {groups.map((group) => (
          <Row key={group.head.alert_id} group={group} onClose={onClose} />
        ))}
      </tbody>
    </table>
  );
}

/** One alert, or the passages of one plate; a press anywhere opens it. */
function Row({ group, onClose }: { group: AlertGroup; onClose: AlertTableProps["onClose"] }) {
  const t = text.value.plates.alerts;
  const { head: alert, alerts } = group;
  return (
    <tr class={isUrgent(alert) ? "hit" : ""} data-alert={alert.alert_id} onClick={() => go(alertHash(alert))}>
      <td>
        <Crop detection={alert.detection} />
      </td>
      <td>
        <a href={alertHash(alert)}>
          <PlateChip plate={alert.detection.placa} suggestions={alert.detection.sugestoes} confidence={alert.detection.confianca} isAnonymised={alert.detection.anonymised} />
        </a>
      </td>
      <td class="reason-cell">
        {alert.reason || text.value.plates.reasonGone} <span class="muted">· {text.value.plates.watch.levels[alert.level]}</span>
        {alerts.length > 1 && <b class="block">{text.value.alerting.passages(alerts.length)}</b>}
      </td>
      <td>{cameraName(alert.camera_id)}</td>
      <td class="mono">{whenOf(alert.detection.timestamp, nowMs.value, zone.value)}</td>
      {/* What is pressed here is the button, not the row. */}
      <td class="row-actions state-cell" onClick={(event) => event.stopPropagation()}>
        {alert.acknowledged !== null ? (
          <span class="muted">
            {t.seenBy(alert.acknowledged.by, whenOf(alert.acknowledged.at, nowMs.value, zone.value))}
            {alert.acknowledged.note && <span class="block">{alert.acknowledged.note}</span>}
          </span>
        ) : onClose !== null ? (
          <Button onClick={() => onClose(alerts)}>{alerts.length > 1 ? text.value.alerting.acknowledgeMany(alerts.length) : t.acknowledge}</Button>
        ) : (
          <span class={isUrgent(alert) ? "word-alarm" : "muted"}>{t.waiting}</span>
        )}
      </td>
    </tr>
  );
}

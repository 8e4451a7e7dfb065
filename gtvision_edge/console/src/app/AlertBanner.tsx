import { useLayoutEffect, useState } from "preact/hooks";
import type { Alert } from "../api/plates";
import { text } from "../i18n";
import { whenOf } from "../i18n/format";
import { AckDialog } from "../rooms/plates/AckDialog";
import { isNarrow, isReadingsOpen } from "../rooms/live/readings";
import { cameraName, countWords } from "../rooms/plates/words";
import { isFlood, meantByKey, type AlertGroup } from "../state/alertOrder";
import { hide, interrupting, interruptingGroups, pendingAlerts } from "../state/alerts";
import { nowMs } from "../state/clock";
import { onKeys } from "../state/keys";
import { may } from "../state/permissions";
import { hashOf, route } from "../state/route";
import { me } from "../state/session";
import { zone } from "../state/site";
import { Button } from "../ui/parts";
import { PlateChip } from "../ui/PlateChip";

/** The alert that has the whole screen; null: none has. */
function shownAlertId(): string | null {
  const { room, detail } = route.value;
  return room === "plates" && detail?.startsWith("alert/") ? detail.slice("alert/".length) : null;
}

/** The alert's own screen says all of it, and so does the panel beside the mosaic. */
function isSaidAlready(alert: Alert): boolean {
  const isLive = route.value.room === "live" || route.value.room === "";
  return shownAlertId() === alert.alert_id || (isLive && isReadingsOpen.value && !isNarrow());
}

/**
 * A wanted plate interrupts in every room, in red, until somebody acknowledges it.
 *
 * It lies over the top bar, or over the pictures that fill the screen: nothing moves when it comes.
 */
export function AlertBanner() {
  const [closing, setClosing] = useState<readonly Alert[]>([]);
  const group = interruptingGroups.value[0];
  const mayAcknowledge = may(me.value?.role, "acknowledge");
  useLayoutEffect(
    () =>
      onKeys((key) => {
        if (key.toLowerCase() !== "a" || !mayAcknowledge || document.querySelector("dialog[open]") !== null) return false;
        const meant = meantByKey(shownAlertId(), pendingAlerts.peek(), interruptingGroups.peek());
        setClosing(meant);
        return meant.length > 0;
      }),
    [mayAcknowledge],
  );
  return (
    <>
      {group !== undefined && !isSaidAlready(group.head) && <Banner group={group} onClose={mayAcknowledge ? setClosing : null} />}
      {closing.length > 0 && <AckDialog alerts={closing} onClose={() => setClosing([])} />}
    </>
  );
}

interface BannerProps {
  group: AlertGroup;
  /** null: who looks may only put it aside. */
  onClose: ((alerts: readonly Alert[]) => void) | null;
}

function Banner({ group, onClose }: BannerProps) {
  const t = text.value.plates.alerts;
  const words = text.value.alerting;
  const { head, alerts } = group;
  const waiting = interrupting.value;
  const others = waiting.length - alerts.length;
  return (
    <div class="alert-banner" role="alert" data-alert={head.alert_id}>
      <PlateChip plate={head.detection.placa} suggestions={head.detection.sugestoes} confidence={head.detection.confianca} />
      <span class="alert-words" title={head.reason}>
        <span class="alert-line">
          <b>{words.levels[head.level]}</b> <span class="desk-only">· {t.wanted} ·</span> <span class="alert-reason">{head.reason}</span>
        </span>
        <span class="alert-line muted">
          {alerts.length > 1 && `${words.passages(alerts.length)} · `}
          {cameraName(head.camera_id)} · {whenOf(head.detection.timestamp, nowMs.value, zone.value)}
          {isFlood(waiting) ? ` · ${countWords(waiting)}` : others > 0 ? ` · ${t.others(others)}` : ""}
        </span>
      </span>
      <span class="alert-actions">
        <a class="btn" href={isFlood(waiting) ? hashOf("plates", "alerts") : hashOf("plates", `alert/${head.alert_id}`)}>
          {t.see}
        </a>
        <span class="desk-only">
          {onClose !== null ? (
            // On an alert's own screen the key means that alert.
            <Button kind="primary" onClick={() => onClose(alerts)} {...(shownAlertId() === null && { hotkey: "A" })}>
              {t.acknowledge}
            </Button>
          ) : (
            <Button label={t.hideHint} onClick={() => alerts.forEach(hide)}>
              {t.hide}
            </Button>
          )}
        </span>
      </span>
    </div>
  );
}

import { signal } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";
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
import { interruption, topDialog } from "../ui/interruption";
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

/** What is being seen to; the answer lies over a dialog that is open, and outlives it. */
const closing = signal<readonly Alert[]>([]);

function close(alerts: readonly Alert[]): void {
  closing.value = alerts;
}

/**
 * A wanted plate interrupts in every room, in red, until somebody acknowledges it.
 *
 * It lies over the top bar, or over the pictures that fill the screen, or over a dialog: nothing moves when it comes.
 */
export function AlertBanner() {
  const group = interruptingGroups.value[0];
  const mayAcknowledge = may(me.value?.role, "acknowledge");
  useLayoutEffect(
    () =>
      onKeys((key) => {
        if (key.toLowerCase() !== "a" || !mayAcknowledge || topDialog.peek()?.isAlone) return false;
        // Under a dialog an alert's own screen is out of sight.
        const meant = meantByKey(topDialog.peek() === null ? shownAlertId() : null, pendingAlerts.peek(), interruptingGroups.peek());
        close(meant);
        return meant.length > 0;
      }),
    [mayAcknowledge],
  );
  useLayoutEffect(() => {
    interruption.value = () => <BannerOverDialog />;
    return () => {
      interruption.value = null;
      close([]);
    };
  }, []);
  const isOverDialog = topDialog.value !== null && !topDialog.value.isAlone;
  return (
    <>
      {group !== undefined && !isOverDialog && !isSaidAlready(group.head) && <Banner group={group} onClose={mayAcknowledge ? close : null} />}
      {closing.value.length > 0 && <AckDialog alerts={closing.value} onClose={() => close([])} />}
    </>
  );
}

/** In a dialog all else is out of reach, also what says the alert already. */
function BannerOverDialog() {
  const group = interruptingGroups.value[0];
  if (group === undefined) return null;
  return <Banner group={group} onClose={may(me.value?.role, "acknowledge") ? close : null} isOverDialog />;
}

interface BannerProps {
  group: AlertGroup;
  /** null: who looks may only put it aside. */
  onClose: ((alerts: readonly Alert[]) => void) | null;
  /** It leads nowhere from there: what is typed in the dialog would be gone. */
  isOverDialog?: boolean;
}

function Banner({ group, onClose, isOverDialog = false }: BannerProps) {
  const t = text.value.plates.alerts;
  const words = text.value.alerting;
  const { head, alerts } = group;
  const waiting = interrupting.value;
  const others = waiting.length - alerts.length;
  return (
    <div class={`alert-banner${isOverDialog ? " over-dialog" : ""}`} role="alert" data-alert={head.alert_id}>
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
        {!isOverDialog && (
          <a class="btn" href={isFlood(waiting) ? hashOf("plates", "alerts") : hashOf("plates", `alert/${head.alert_id}`)}>
            {t.see}
          </a>
        )}
        <span class={isOverDialog ? "" : "desk-only"}>
          {onClose !== null ? (
            // On an alert's own screen the key means that alert.
            <Button kind="primary" onClick={() => onClose(alerts)} {...((isOverDialog || shownAlertId() === null) && { hotkey: "A" })}>
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

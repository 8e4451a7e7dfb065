import { useLayoutEffect, useState } from "preact/hooks";
import type { Alert } from "../api/plates";
import { text } from "../i18n";
import { whenOf } from "../i18n/format";
import { AckDialog } from "../rooms/plates/AckDialog";
import { isNarrow, isReadingsOpen } from "../rooms/live/readings";
import { cameraName } from "../rooms/plates/words";
import { hide, interrupting } from "../state/alerts";
import { nowMs } from "../state/clock";
import { onKeys } from "../state/keys";
import { may } from "../state/permissions";
import { hashOf, route } from "../state/route";
import { me } from "../state/session";
import { zone } from "../state/site";
import { Button } from "../ui/parts";
import { PlateChip } from "../ui/PlateChip";

/** The alert's own screen says all of it, and so does the panel beside the mosaic. */
function isSaidAlready(alert: Alert): boolean {
  const { room, detail } = route.value;
  if (room === "plates") return detail === `alert/${alert.alert_id}`;
  const isLive = room === "live" || room === "";
  return isLive && isReadingsOpen.value && !isNarrow();
}

/** A wanted plate interrupts in every room, in red, until somebody acknowledges it. */
export function AlertBanner() {
  const t = text.value.plates.alerts;
  const [closing, setClosing] = useState<Alert | null>(null);
  const waiting = interrupting.value;
  const alert = waiting[0];
  const mayAcknowledge = may(me.value?.role, "acknowledge");
  useLayoutEffect(
    () =>
      onKeys((key) => {
        const newest = interrupting.peek()[0];
        if (key.toLowerCase() !== "a" || newest === undefined || !mayAcknowledge || document.querySelector("dialog[open]") !== null) return false;
        setClosing(newest);
        return true;
      }),
    [mayAcknowledge],
  );
  const dialog = closing !== null && <AckDialog alert={closing} onClose={() => setClosing(null)} />;
  if (alert === undefined || isSaidAlready(alert)) return <>{dialog}</>;
  return (
    <>
      <div class="alert-banner" role="alert" data-alert={alert.alert_id}>
        <PlateChip plate={alert.detection.placa} suggestions={alert.detection.sugestoes} />
        <span class="alert-words">
          <b>{t.wanted}</b> <span class="alert-reason">{alert.reason}</span>
          <span class="muted">
            {" · "}
            {cameraName(alert.camera_id)} · {whenOf(alert.detection.timestamp, nowMs.value, zone.value)}
            {waiting.length > 1 && ` · ${t.others(waiting.length - 1)}`}
          </span>
        </span>
        <span class="alert-actions">
          <a class="btn" href={hashOf("plates", `alert/${alert.alert_id}`)}>
            {t.see}
          </a>
          {mayAcknowledge ? (
            <Button kind="primary" hotkey="A" onClick={() => setClosing(alert)}>
              {t.acknowledge}
            </Button>
          ) : (
            <Button onClick={() => hide(alert)}>
              {t.hide}
            </Button>
          )}
        </span>
      </div>
      {dialog}
    </>
  );
}

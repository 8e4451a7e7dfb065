import { useEffect, useState } from "preact/hooks";
import type { Alert } from "../../api/plates";
import { Problem } from "../../api/problem";
import { text } from "../../i18n";
import { whenOf } from "../../i18n/format";
import { isUrgent } from "../../state/alertOrder";
import { acknowledge, feed, forget, hide, isSeenTo, pendingAlerts } from "../../state/alerts";
import { nowMs } from "../../state/clock";
import { may } from "../../state/permissions";
import { go, hashOf } from "../../state/route";
import { client, me } from "../../state/session";
import { zone } from "../../state/site";
import { say } from "../../state/toasts";
import { Button, Empty, ErrorNote, Skeleton } from "../../ui/parts";
import { vehicleOf } from "../../ui/plate";
import { PlateChip } from "../../ui/PlateChip";
import { Crop } from "./Crop";
import { undoOf } from "./undo";
import { noteOf, VERDICTS, type Verdict } from "./verdict";
import { cameraName, confidenceOf, placeOf, videoHash } from "./words";

/** One alert, one screen: plate, where, picture, crop, why, and under the thumb what to do. */
export function AlertScreen({ alertId }: { alertId: string }) {
  const t = text.value.plates.alerts;
  const [read, setRead] = useState<Alert | null>(null);
  const [error, setError] = useState<unknown>(null);
  const waiting = pendingAlerts.value.find((alert) => alert.alert_id === alertId) ?? null;
  const load = async (): Promise<void> => {
    setError(null);
    try {
      setRead(await client.get<Alert>(`/alerts/${encodeURIComponent(alertId)}`));
    } catch (failure) {
      setError(failure);
    }
  };
  // Also when it stopped waiting: somebody else may have seen to it.
  useEffect(() => void load(), [waiting === null]);
  const alert = read ?? waiting;
  if (alert !== null) return <Screen alert={read?.acknowledged ? read : (waiting ?? alert)} onDone={setRead} />;
  if (error instanceof Problem && error.status === 404) {
    return (
      <Empty title={t.gone} action={<Button onClick={() => go(hashOf("plates", "alerts"))}>{t.list}</Button>} />
    );
  }
  return (
    <div class="pad">
      <ErrorNote error={error} action={<Button onClick={() => void load()}>{text.value.common.retry}</Button>} />
      {error === null && <Skeleton rows={3} height={160} />}
    </div>
  );
}

function Screen({ alert, onDone }: { alert: Alert; onDone: (alert: Alert) => void }) {
  const t = text.value.plates;
  const { detection, acknowledged } = alert;
  return (
    <div class="alert-screen" data-alert={alert.alert_id}>
      <header class={isUrgent(alert) ? "hit" : ""}>
        <h1>
          {t.alerts.wanted} · {text.value.alerting.levels[alert.level]}
        </h1>
        <div class="alert-where">
          <PlateChip plate={detection.placa} suggestions={detection.sugestoes} confidence={detection.confianca} isAnonymised={detection.anonymised} size="large" />
          <span>
            {placeOf(detection)}
            <span class="block mono">{whenOf(detection.timestamp, nowMs.value, zone.value)}</span>
          </span>
        </div>
      </header>
      <div class="alert-body">
        <Crop detection={detection} kind="scene" />
        <Crop detection={detection} />
        <dl class="facts pad">
          <dt>{t.reason}</dt>
          <dd>{alert.reason || text.value.plates.reasonGone}</dd>
          <Before alert={alert} />
          <dt>{t.columns.confidence}</dt>
          <dd>{confidenceOf(detection)}</dd>
          {acknowledged !== null && (
            <>
              <dt>{t.facts.alert}</dt>
              <dd>
                {t.alerts.seenBy(acknowledged.by, whenOf(acknowledged.at, nowMs.value, zone.value))}
                {acknowledged.note && <span class="block">{acknowledged.note}</span>}
              </dd>
            </>
          )}
        </dl>
      </div>
      <Actions alert={alert} onDone={onDone} />
    </div>
  );
}

/** Its passage before this one, among the readings at hand; searching for it is an act of its own. */
function Before({ alert }: { alert: Alert }) {
  const t = text.value.plates.alerts;
  const plate = alert.detection.placa;
  const before =
    plate === null
      ? undefined
      : feed.value.readings.find((each) => each.placa !== null && vehicleOf(each.placa) === vehicleOf(plate) && each.passage_id !== alert.detection.passage_id && each.timestamp < alert.detection.timestamp);
  if (before === undefined) return null;
  return (
    <>
      <dt>{t.before}</dt>
      <dd>
        {whenOf(before.timestamp, nowMs.value, zone.value)} {cameraName(before.camera_id)}
      </dd>
    </>
  );
}

function Actions({ alert, onDone }: { alert: Alert; onDone: (alert: Alert) => void }) {
  const t = text.value.plates.alerts;
  const [note, setNote] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const isWaiting = alert.acknowledged === null;
  const mayAcknowledge = may(me.value?.role, "acknowledge");

  async function done(verdict: Verdict): Promise<void> {
    setBusy(true);
    setError(null);
    try {
      const done = await acknowledge(alert, noteOf(text.value.alerting.verdicts[verdict], note));
      onDone(done);
      say(t.done(alert.detection.placa ?? text.value.plates.anonymised), { undo: undoOf([done], onDone) });
    } catch (failure) {
      if (isSeenTo(failure)) forget(alert);
      setError(failure);
    } finally {
      setBusy(false);
    }
  }

  return (
    <footer class="alert-footer">
      <ErrorNote error={error} />
      {isWaiting && mayAcknowledge && <input type="text" aria-label={t.note} placeholder={`${t.note} (${text.value.common.optional})`} maxLength={400} autocomplete="off" value={note} onInput={(event) => setNote(event.currentTarget.value)} />}
      {isWaiting && mayAcknowledge && <VerdictButtons isBusy={isBusy} onChoose={(verdict) => void done(verdict)} />}
      <div class="thumb">
        <a class="btn" href={hashOf("live", null, { cam: alert.camera_id })}>
          {t.live}
        </a>
        <a class="btn" href={videoHash(alert.detection)}>
          {text.value.plates.openVideo}
        </a>
        {isWaiting && !mayAcknowledge && (
          <Button
            onClick={() => {
              hide(alert);
              go(hashOf("plates", "alerts"));
            }}
          >
            {t.hide}
          </Button>
        )}
        {!isWaiting && (
          <a class="btn primary" href={hashOf("plates", "alerts")}>
            {t.list}
          </a>
        )}
      </div>
    </footer>
  );
}

/** Each sees to the alert at one tap, and says what it was. */
function VerdictButtons({ isBusy, onChoose }: { isBusy: boolean; onChoose: (verdict: Verdict) => void }) {
  const t = text.value.alerting;
  return (
    <div class="thumb verdict-buttons" role="group" aria-label={t.acknowledgeAs}>
      <span class="muted">{t.acknowledgeAs}</span>
      {VERDICTS.map((verdict) => (
        <Button key={verdict} disabled={isBusy} onClick={() => onChoose(verdict)}>
          {t.verdicts[verdict]}
        </Button>
      ))}
    </div>
  );
}

import { useState } from "preact/hooks";
import type { Export, Incident, OnFull, OnFullAction, Policies } from "../../../api/evidence";
import { text } from "../../../i18n";
import { bytesOf, dateTimeOf } from "../../../i18n/format";
import { client } from "../../../state/session";
import { zone } from "../../../state/site";
import { say } from "../../../state/toasts";
import { Dialog } from "../../../ui/Dialog";
import { Button, ErrorNote, Field, Note } from "../../../ui/parts";
import { Reason } from "../../evidence/Reason";

const SHOWN = 3;
const SHORTEST_REASON = 10;
const ACTIONS: readonly OnFullAction[] = ["stop", "release_oldest_incident"];

/** Those that hold footage, in the order in which they would be given up. */
interface Forecast {
  incidents: readonly Incident[];
  exporting: ReadonlySet<string>;
}

interface OnFullDrawerProps {
  rule: OnFull;
  onSaved: (rule: OnFull | null) => void;
  onClose: () => void;
}

/** Stop, or give up the oldest incident: chosen, shown against today's incidents, and only then saved. */
export function OnFullDrawer({ rule, onSaved, onClose }: OnFullDrawerProps) {
  const t = text.value.purging;
  const [action, setAction] = useState(rule.action);
  const [reason, setReason] = useState(rule.action === "stop" ? "" : rule.reason);
  const [forecast, setForecast] = useState<Forecast | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const isRelease = action === "release_oldest_incident";
  const wanted = { on_full: { action, reason: isRelease ? reason.trim() : "" } };
  const isChanged = action !== rule.action || (isRelease && reason.trim() !== rule.reason);

  async function send(): Promise<void> {
    setBusy(true);
    setError(null);
    try {
      if (forecast === null) {
        await client.put<Policies>("/storage/policies?dry_run=1", wanted, { timeoutMs: 60_000 });
        setForecast(await readForecast());
      } else {
        const saved = await client.put<Policies>("/storage/policies", wanted);
        say(t.saved);
        onSaved(saved.on_full);
      }
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Dialog title={forecast === null ? t.onFullTitle : t.onFullPreviewTitle} onClose={onClose} shape="drawer" hasWork={() => isChanged}>
      <form
        class="drawer-form"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <div class="dialog-body">
          {forecast === null ? (
            <>
              <p class="muted">{t.onFullNote}</p>
              <fieldset class="rule-choices">
                <legend class="hidden-words">{t.onFullTitle}</legend>
                {ACTIONS.map((each) => (
                  <label key={each} class="check top">
                    <input type="radio" name="on_full" checked={action === each} onChange={() => setAction(each)} />
                    <span>
                      {t.onFullWords[each]}
                      <small class="muted block">{each === "stop" ? t.stopHint : t.releaseHint}</small>
                    </span>
                  </label>
                ))}
              </fieldset>
              {isRelease && (
                <Field label={t.onFullReason} hint={t.onFullReasonHint} wide>
                  {(ids) => <textarea {...ids} required minLength={SHORTEST_REASON} maxLength={2000} rows={3} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />}
                </Field>
              )}
            </>
          ) : (
            <div class="outcome" data-outcome>
              {isRelease ? <WouldRelease forecast={forecast} /> : <Note tone="plain">{t.wouldStop}</Note>}
            </div>
          )}
          <ErrorNote error={error} />
        </div>
        <footer>
          <Button onClick={onClose}>{text.value.common.cancel}</Button>
          {forecast !== null && <Button onClick={() => setForecast(null)}>{t.back}</Button>}
          <Button type="submit" kind={forecast !== null && isRelease ? "danger" : "primary"} disabled={isBusy || !isChanged}>
            {forecast === null ? t.onFullPreview : t.save}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

async function readForecast(): Promise<Forecast> {
  const [incidents, exports] = await Promise.all([client.all<Incident>("/incidents?state=open&limit=100"), client.all<Export>("/exports?limit=500")]);
  const exporting = new Set(exports.filter((each) => each.state === "queued" || each.state === "running").map((each) => each.incident_id));
  return { incidents: incidents.filter((each) => each.footage.segments > 0).reverse(), exporting };
}

function WouldRelease({ forecast }: { forecast: Forecast }) {
  const t = text.value.purging;
  const { incidents, exporting } = forecast;
  if (incidents.length === 0) return <Note tone="plain">{t.wouldReleaseNone}</Note>;
  return (
    <>
      <Note tone="warn">{t.wouldRelease}</Note>
      {incidents.slice(0, SHOWN).map((each) => (
        <div key={each.incident_id} class="going">
          <b>
            <Reason words={each.reason} />
          </b>
          <span class="muted">{t.wouldReleaseOne(dateTimeOf(each.created_at, zone.value), bytesOf(each.footage.bytes))}</span>
          {exporting.has(each.incident_id) && <small class="muted">{t.exporting}</small>}
        </div>
      ))}
      {incidents.length > SHOWN && <p class="muted">{t.wouldReleaseMore(incidents.length - SHOWN)}</p>}
    </>
  );
}

import { useState } from "preact/hooks";
import type { StorageReport } from "../../../api/evidence";
import type { AuditEntry, List } from "../../../api/types";
import { text } from "../../../i18n";
import { bytesOf, numberOf, whenOf } from "../../../i18n/format";
import { nowMs } from "../../../state/clock";
import { may } from "../../../state/permissions";
import { hashOf } from "../../../state/route";
import { client, me } from "../../../state/session";
import { zone } from "../../../state/site";
import { Button, ErrorNote } from "../../../ui/parts";

/** What can be used: file systems keep some for root, or for other quotas, and the daemon reckons without that. */
function roomOf({ used_bytes: used, free_bytes: free }: StorageReport["volume"]): number | null {
  return used === null || free === null || used + free === 0 ? null : used + free;
}

/** What would make room: letting evidence go is no cure for other programs' files. */
export function shortWords({ volume, held_bytes: held }: StorageReport): string {
  const others = volume.used_bytes === null || volume.recordings_bytes === null ? 0 : volume.used_bytes - volume.recordings_bytes;
  return others > held ? text.value.storage.shortByOthers(bytesOf(others)) : text.value.storage.shortOfRoom;
}

/** How full the volume is, for how long it will do, and whether its guards are at rest. */
export function StorageCard({ report }: { report: StorageReport }) {
  const t = text.value;
  const s = t.storage;
  const { volume, thresholds, forecast } = report;
  const room = roomOf(volume);
  const percent = volume.used_bytes === null || room === null ? null : (volume.used_bytes / room) * 100;
  // On small volumes what must stay free is more than the share says.
  const at = (share: number, freeBytes: number | null): number => 100 * (freeBytes === null || room === null ? share : Math.max(0, 1 - freeBytes / room));
  const [high, trip] = [at(thresholds.high_water, thresholds.high_water_free_bytes), at(thresholds.trip, thresholds.trip_free_bytes)];
  const tone = percent === null ? "" : percent >= trip ? "alarm" : percent >= high ? "warn" : "";
  return (
    <section class="card disk" data-storage>
      <h2>{t.health.disk}</h2>
      <div class="disk-line">
        <span class="big">
          {bytesOf(volume.used_bytes)}
          <small class="faint">{t.health.used(bytesOf(room))}</small>
        </span>
        <span class="muted">{forecast.holds_days === null ? s.fitsUnknown : s.fits(daysOf(forecast.holds_days))}</span>
      </div>
      <div class="marked-meter">
        <div class="meter" role="meter" aria-label={t.health.disk} aria-valuemin={0} aria-valuemax={100} aria-valuenow={percent === null ? undefined : Math.round(percent)}>
          <i class={tone} style={{ width: `${percent ?? 0}%` }} />
        </div>
        <i class="warn" style={{ left: `${high}%` }} />
        <i class="alarm" style={{ left: `${trip}%` }} />
      </div>
      <small class="muted">{s.thresholds(`${numberOf(high)} %`, `${numberOf(trip)} %`)}</small>
      {forecast.holds_days !== null && <p>{outlookWords(forecast.days_left)}</p>}
      <dl class="facts">
        <dt>{t.health.volume}</dt>
        <dd class="mono">{volume.root}</dd>
        {volume.recordings_bytes !== null && (
          <>
            <dt>{s.recordings}</dt>
            <dd>{bytesOf(volume.recordings_bytes)}</dd>
          </>
        )}
        <dt>{s.held}</dt>
        <dd>{bytesOf(report.held_bytes)}</dd>
        {forecast.bytes_per_day !== null && (
          <>
            <dt>{s.perDay}</dt>
            <dd>{s.rate(bytesOf(forecast.bytes_per_day))}</dd>
          </>
        )}
        <dt>{s.clock}</dt>
        <dd class={report.clock.state === "suspect" && report.clock.reason !== "started" ? "word-warn" : ""} data-clock={report.clock.state}>
          {clockWords(report)}
        </dd>
        <dt>{s.breaker}</dt>
        <dd class={report.breaker.state === "open" ? "word-alarm" : report.breaker.state === "waiting" ? "word-warn" : ""} data-breaker={report.breaker.state}>
          {breakerWords(report)}
          {may(me.value?.role, "seeAudit") && me.value?.tenant_id === null && <BreakerHistory />}
        </dd>
      </dl>
      {may(me.value?.role, "seePurges") && (
        <div>
          <a class="btn" href={hashOf("evidence", "purges")}>
            {s.purges}
          </a>
        </div>
      )}
    </section>
  );
}

/** A length of footage: of less than two days in hours, of less than ten with tenths, for then they decide. */
function daysOf(days: number): string {
  const { storage: s } = text.value;
  return days < 2 ? s.inHours(numberOf(days * 24)) : s.inDays(numberOf(days, days < 10 ? 1 : 0));
}

/** When footage begins to go before its time. */
export function outlookWords(daysLeft: number | null): string {
  const t = text.value.storage;
  if (daysLeft === null) return t.enough;
  return daysLeft < 0.05 ? t.shortNow : t.daysLeft(daysOf(daysLeft));
}

function clockWords({ clock }: StorageReport): string {
  const t = text.value.storage;
  const since = t.since(whenOf(clock.since, nowMs.value, zone.value));
  if (clock.state === "suspect") return [t.clockSuspect, clock.reason === null ? "" : (t.clockReasons[clock.reason] ?? clock.reason), since].filter(Boolean).join(" · ");
  return [t.clockTrusted, clock.synced === null ? "" : clock.synced ? t.synced : t.unsynced].filter(Boolean).join(" · ");
}

function breakerWords({ breaker }: StorageReport): string {
  const t = text.value.storage;
  if (breaker.state === "closed") return t.breakerStates.closed;
  const reason = breaker.reason === null ? "" : (t.breakerReasons[breaker.reason] ?? breaker.reason);
  return [t.breakerStates[breaker.state], reason, t.since(whenOf(breaker.since, nowMs.value, zone.value))].filter(Boolean).join(" · ");
}

/** When it opened and closed; read from the audit log, which notes the reading, so only when asked for. */
function BreakerHistory() {
  const t = text.value;
  const [entries, setEntries] = useState<readonly AuditEntry[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const load = (): void => {
    client.get<List<AuditEntry>>("/audit?action=breaker.&limit=20").then((page) => setEntries(page.items), setError);
  };
  if (error !== null) return <ErrorNote error={error} />;
  if (entries === null) {
    return (
      <Button kind="ghost" onClick={load}>
        {t.storage.history}
      </Button>
    );
  }
  if (entries.length === 0) return <small class="muted">{t.storage.neverTripped}</small>;
  return (
    <ol class="breaker-history">
      {entries.map((entry) => (
        <li key={entry.seq}>
          <span class="mono">{whenOf(entry.at, nowMs.value, zone.value)}</span> {t.acts[entry.action] ?? entry.action}
          {typeof entry.details.reason === "string" && `: ${t.storage.breakerReasons[entry.details.reason] ?? entry.details.reason}`}
        </li>
      ))}
    </ol>
  );
}

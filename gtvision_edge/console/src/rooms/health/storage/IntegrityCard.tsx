import { useEffect, useState } from "preact/hooks";
import { Problem } from "../../../api/problem";
import type { IntegrityReport } from "../../../api/evidence";
import type { List } from "../../../api/types";
import { text } from "../../../i18n";
import { whenOf } from "../../../i18n/format";
import { nowMs } from "../../../state/clock";
import { may } from "../../../state/permissions";
import { poll } from "../../../state/poll";
import { client, me } from "../../../state/session";
import { zone } from "../../../state/site";
import { Button, ErrorNote, Pill, type Tone } from "../../../ui/parts";

const RUNNING_MS = 3_000;
const IDLE_MS = 60_000;
const TONES: Record<IntegrityReport["verdict"], Tone> = { running: "plain", good: "plain", mended: "plain", faults: "alarm", broken_off: "warn" };

/** The last comparison of disk and index; nothing where the box has none, or where it is none of one's business. */
export function IntegrityCard() {
  const t = text.value.storage.integrity;
  const [report, setReport] = useState<IntegrityReport | null>(null);
  const [isOffered, setOffered] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const isRunning = report?.verdict === "running";
  const load = async (): Promise<void> => {
    try {
      const page = await client.get<List<IntegrityReport>>("/integrity?limit=1");
      setReport(page.items[0] ?? null);
      setOffered(true);
    } catch (failure) {
      if (failure instanceof Problem && [403, 404].includes(failure.status)) setOffered(false);
    }
  };
  useEffect(() => poll(load, isRunning ? RUNNING_MS : IDLE_MS), [isRunning]);

  async function start(): Promise<void> {
    setError(null);
    try {
      setReport(await client.post<IntegrityReport>("/integrity", { deep: false }));
    } catch (failure) {
      setError(failure);
    }
  }

  if (!isOffered) return null;
  return (
    <section class="card" data-integrity={report?.verdict ?? "never"}>
      <header class="card-head">
        <h2>{t.title}</h2>
        {report !== null && <Pill tone={TONES[report.verdict]}>{t.verdicts[report.verdict]}</Pill>}
        <span class="grow" />
        {may(me.value?.role, "editStorage") && (
          <Button disabled={isRunning} onClick={() => void start()}>
            {t.start}
          </Button>
        )}
      </header>
      {report === null ? (
        <p class="muted">{t.never}</p>
      ) : (
        <p class="muted">
          {whenOf(report.finished_at ?? report.started_at, nowMs.value, zone.value)} · {t.looked(report.files, report.hashed_files)}
          {report.unhashed_files ? ` · ${t.unhashed(report.unhashed_files)}` : ""}
        </p>
      )}
      {report !== null && report.findings.length > 0 && (
        <ul class="findings">
          {report.findings.map(({ kind, count, mended, examples }) => (
            <li key={kind}>
              <b>{t.kinds[kind] ?? kind}</b>: {t.counts(count, mended)}
              {examples[0]?.file && <small class="mono block faint">{examples[0].file}</small>}
            </li>
          ))}
        </ul>
      )}
      <ErrorNote error={error} />
    </section>
  );
}

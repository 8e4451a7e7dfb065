import { useState } from "preact/hooks";
import type { AuditEntry, List } from "../../api/types";
import { text } from "../../i18n";
import { siteClock } from "../../state/clock";
import { client } from "../../state/session";
import { cameras, zone } from "../../state/site";
import { say } from "../../state/toasts";
import { Button, ErrorNote, Segments, Skeleton } from "../../ui/parts";
import { midnightOf, momentOf, wallOf } from "../investigate/when";
import { usePeople } from "../settings/people";
import { usePages } from "./pages";
import { fieldOf, wallOfField } from "./sizes";
import { csvOf, trailPath, type TrailFilter } from "./trail";
import { cellsOf, TrailTable } from "./TrailTable";

const PAGE = 100;
const CSV_PAGE = 500;
const CSV_MOST = 20_000;
const WEEK_DAYS = 7;

/** Who saw and who took what, of the audit log; asking is an act in it, too. */
export function TrailTab() {
  const t = text.value.evidence;
  const words = text.value.settings;
  const p = text.value.plateActs;
  const [filter, setFilter] = useState<TrailFilter>(() => ({ kind: "all", person: "", camera: "", startMs: midnightOf(siteClock.now(), zone.value, -WEEK_DAYS), endMs: null }));
  const trail = usePages<AuditEntry>(trailPath(filter, PAGE), (entry) => entry.seq);
  const people = usePeople(trail.items);
  const [isBusy, setBusy] = useState(false);

  async function download(): Promise<void> {
    setBusy(true);
    try {
      const { entries, isCut } = await everything(filter);
      save(csvOf([[t.entryNumber, words.when, words.who, words.what, t.cameras, t.footage, words.subject, t.address, p.plate, p.purposeColumn, p.details], ...entries.map(cellsOf)]));
      say(isCut ? t.csvCut(entries.length) : t.csvDone(entries.length));
    } catch {
      say(text.value.errors.noAnswer, { tone: "alarm" });
    } finally {
      setBusy(false);
    }
  }

  return (
    <div class="stack">
      <div class="audit-bar">
        <Segments label={t.tabs.trail} options={(["all", "views", "exports", "plates"] as const).map((value) => ({ value, label: t.trailKinds[value] }))} value={filter.kind} onChange={(kind) => setFilter({ ...filter, kind })} />
        <select aria-label={words.person} value={filter.person} onChange={(event) => setFilter({ ...filter, person: event.currentTarget.value })}>
          <option value="">{words.everybody}</option>
          {[...people].map(([id, name]) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
        <select aria-label={t.cameras} value={filter.camera} onChange={(event) => setFilter({ ...filter, camera: event.currentTarget.value })}>
          <option value="">{t.everyCamera}</option>
          {(cameras.value ?? []).map((camera) => (
            <option key={camera.camera_id} value={camera.camera_id}>
              {camera.name}
            </option>
          ))}
        </select>
        <DayField label={t.from} ms={filter.startMs} shift={0} onChange={(startMs) => setFilter({ ...filter, startMs })} />
        <DayField label={t.until} ms={filter.endMs} shift={1} onChange={(endMs) => setFilter({ ...filter, endMs })} />
        <span class="grow" />
        <Button icon="download" disabled={isBusy || trail.items === null || trail.items.length === 0} onClick={() => void download()}>
          {t.csv}
        </Button>
      </div>
      <ErrorNote error={trail.error} action={<Button onClick={() => void trail.reload()}>{text.value.common.retry}</Button>} />
      {trail.items === null && trail.error === null && <Skeleton rows={6} />}
      {trail.items !== null && trail.items.length > 0 && <TrailTable entries={trail.items} />}
      {trail.items?.length === 0 && <p class="muted">{t.noTrail}</p>}
      {trail.next !== null && (
        <div>
          <Button onClick={trail.more}>{t.more}</Button>
        </div>
      )}
      <small class="faint">
        {t.trailGathered} {t.trailNote}
      </small>
    </div>
  );
}

async function everything(filter: TrailFilter): Promise<{ entries: AuditEntry[]; isCut: boolean }> {
  const entries: AuditEntry[] = [];
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const page: List<AuditEntry> = await client.get<List<AuditEntry>>(trailPath(filter, CSV_PAGE) + query);
    entries.push(...page.items);
    cursor = page.next;
  } while (cursor !== null && entries.length < CSV_MOST);
  return { entries, isCut: cursor !== null };
}

function save(csv: string): void {
  const address = URL.createObjectURL(new Blob([csv], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = text.value.evidence.csvFile;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

interface DayFieldProps {
  label: string;
  ms: number | null;
  /** 1: the day is meant whole, so the moment is the midnight after it. */
  shift: 0 | 1;
  onChange: (ms: number | null) => void;
}

function DayField({ label, ms, shift, onChange }: DayFieldProps) {
  const shown = ms === null ? "" : fieldOf(wallOf(ms - shift, zone.value)).slice(0, 10);
  return (
    <label class="day-field">
      {label}
      <input
        type="date"
        value={shown}
        onChange={(event) => {
          const wall = wallOfField(`${event.currentTarget.value}T00:00`);
          onChange(wall === null ? null : midnightOf(momentOf(wall, zone.value), zone.value, shift));
        }}
      />
    </label>
  );
}

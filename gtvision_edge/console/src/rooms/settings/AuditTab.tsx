import { useState } from "preact/hooks";
import type { AuditEntry, AuditVerdict } from "../../api/types";
import { text } from "../../i18n";
import { dateTimeOf } from "../../i18n/format";
import { client } from "../../state/session";
import { zone } from "../../state/site";
import { Button, ErrorNote, Note, Skeleton } from "../../ui/parts";
import { usePages } from "../evidence/pages";
import { AuditFilter, auditPath, EVERYTHING, isShown } from "./AuditFilter";
import { actorOf } from "./actors";
import { usePeople } from "./people";
import { PlateActFacts, plateActHere } from "./PlateActFacts";
import { useSubjects } from "./subjects";

/** Who did what, newest first, and whether the log is whole. */
export function AuditTab() {
  const t = text.value.settings;
  const [verdict, setVerdict] = useState<AuditVerdict | null>(null);
  const [filter, setFilter] = useState(EVERYTHING);
  const { items: entries, next, error: unread, more, reload } = usePages<AuditEntry>(auditPath(filter), (entry) => entry.seq);
  const people = usePeople(entries);
  const nameOf = useSubjects();
  const [unverified, setError] = useState<unknown>(null);
  const error = unread ?? unverified;

  async function verify(): Promise<void> {
    setVerdict(null);
    setError(null);
    try {
      setVerdict(await client.get<AuditVerdict>("/audit/verify", { timeoutMs: 60_000 }));
    } catch (failure) {
      setError(failure);
    }
  }

  const listed = (entries ?? []).filter((entry) => isShown(entry, filter));
  return (
    <div class="stack">
      <div class="audit-bar">
        <AuditFilter people={people} filter={filter} onChange={setFilter} />
        {entries !== null && listed.length < entries.length && <span class="muted">{t.filtered(listed.length, entries.length)}</span>}
        <span class="grow" />
        <Button onClick={() => void verify()}>{t.verify}</Button>
      </div>
      {verdict?.is_whole === true && <Note tone="plain">{t.verified(verdict.entries)}</Note>}
      {verdict?.is_whole === false && <Note tone="alarm">{t.broken(String(verdict.bad_seq ?? "—"))}</Note>}
      <ErrorNote error={error} action={<Button onClick={() => void reload()}>{text.value.common.retry}</Button>} />
      {entries === null && error === null && <Skeleton rows={6} />}
      {entries !== null && (
        <table class="cards log">
          <thead>
            <tr>
              <th>{t.when}</th>
              <th>{t.who}</th>
              <th>{t.what}</th>
              <th>{t.subject}</th>
            </tr>
          </thead>
          <tbody>
            {listed.map((entry) => (
              <EntryRow key={entry.seq} entry={entry} subject={nameOf(entry)} />
            ))}
          </tbody>
        </table>
      )}
      {entries !== null && listed.length === 0 && <p class="muted">{t.noEntries}</p>}
      {next !== null && (
        <div>
          <Button onClick={more}>{t.more}</Button>
        </div>
      )}
    </div>
  );
}

function EntryRow({ entry, subject }: { entry: AuditEntry; subject: string }) {
  const act = plateActHere(entry);
  return (
    <tr data-act={entry.action}>
      <td class="mono when">{dateTimeOf(entry.at, zone.value)}</td>
      <td>{actorOf(entry)}</td>
      <td title={entry.action}>{text.value.acts[entry.action] ?? entry.action}</td>
      <td class="muted" title={entry.subject}>
        {act === null ? subject || "—" : <PlateActFacts act={act} />}
      </td>
    </tr>
  );
}

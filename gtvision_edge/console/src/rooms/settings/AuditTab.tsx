import { useEffect, useState } from "preact/hooks";
import type { AuditEntry, AuditVerdict, List } from "../../api/types";
import { text } from "../../i18n";
import { dateTimeOf } from "../../i18n/format";
import { client } from "../../state/session";
import { zone } from "../../state/site";
import { Button, ErrorNote, Note, Skeleton } from "../../ui/parts";

/** Who did what, newest first, and whether the log is whole. */
export function AuditTab() {
  const t = text.value.settings;
  const [entries, setEntries] = useState<AuditEntry[] | null>(null);
  const [next, setNext] = useState<string | null>(null);
  const [verdict, setVerdict] = useState<AuditVerdict | null>(null);
  const [error, setError] = useState<unknown>(null);

  async function load(cursor: string | null): Promise<void> {
    setError(null);
    try {
      const query = cursor === null ? "" : `?cursor=${encodeURIComponent(cursor)}`;
      const page = await client.get<List<AuditEntry>>(`/audit${query}`);
      setEntries((before) => (cursor === null ? page.items : [...(before ?? []), ...page.items]));
      setNext(page.next);
    } catch (failure) {
      setError(failure);
    }
  }
  useEffect(() => void load(null), []);

  async function verify(): Promise<void> {
    setVerdict(null);
    setError(null);
    try {
      setVerdict(await client.get<AuditVerdict>("/audit/verify", { timeoutMs: 60_000 }));
    } catch (failure) {
      setError(failure);
    }
  }

  return (
    <div class="stack">
      <div>
        <Button onClick={() => void verify()}>{t.verify}</Button>
      </div>
      {verdict?.is_whole === true && <Note tone="plain">{t.verified(verdict.entries)}</Note>}
      {verdict?.is_whole === false && <Note tone="alarm">{t.broken(String(verdict.bad_seq ?? "—"))}</Note>}
      <ErrorNote error={error} action={<Button onClick={() => void load(null)}>{text.value.common.retry}</Button>} />
      {entries === null && error === null && <Skeleton rows={6} />}
      {entries !== null && (
        <table>
          <thead>
            <tr>
              <th>{t.when}</th>
              <th>{t.who}</th>
              <th>{t.what}</th>
              <th class="wide-only">{t.subject}</th>
            </tr>
          </thead>
          <tbody>
            {entries.map((entry) => (
              <tr key={entry.seq}>
                <td class="mono">{dateTimeOf(entry.at, zone.value)}</td>
                <td>{entry.actor.name}</td>
                <td title={entry.action}>{text.value.acts[entry.action] ?? entry.action}</td>
                <td class="wide-only mono muted">{entry.subject || "—"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {next !== null && (
        <div>
          <Button onClick={() => void load(next)}>{t.more}</Button>
        </div>
      )}
    </div>
  );
}

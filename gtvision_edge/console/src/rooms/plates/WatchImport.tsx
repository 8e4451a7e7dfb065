import { useState } from "preact/hooks";
import type { ImportedLine, WatchImportAnswer } from "../../api/plates";
import { text } from "../../i18n";
import { dateOf } from "../../i18n/format";
import { client } from "../../state/session";
import { zone } from "../../state/site";
import { say } from "../../state/toasts";
import { Dialog } from "../../ui/Dialog";
import { Button, ErrorNote, Field, Note } from "../../ui/parts";
import { PlateChip } from "../../ui/PlateChip";
import { chosenTenant, tenantName, useTenants } from "../cameras/tenants";
import { decoded, isOddLine, LARGEST, shownFirst } from "./importing";

/** A whole table for the watchlist: what each line would do is seen first, then all of it is done or nothing. */
export function WatchImport({ onDone, onClose }: { onDone: () => void; onClose: () => void }) {
  const t = text.value.watchImport;
  const tenants = useTenants();
  const [table, setTable] = useState("");
  const [tenant, setTenant] = useState("");
  const [trial, setTrial] = useState<WatchImportAnswer | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [isTooLarge, setTooLarge] = useState(false);
  const toTake = trial === null ? 0 : trial.added + trial.changed;

  async function send(isTrial: boolean): Promise<void> {
    setBusy(true);
    setError(null);
    const owner = chosenTenant(tenant, tenants);
    try {
      const answer = await client.post<WatchImportAnswer>("/watchlist/import", { text: table, dry_run: isTrial, ...(owner && { tenant_id: owner }) });
      if (isTrial) setTrial(answer);
      else {
        say(t.done(answer.added, answer.changed));
        onDone();
        onClose();
      }
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  }

  async function read(file: File | undefined): Promise<void> {
    if (file === undefined) return;
    setTooLarge(file.size > LARGEST);
    if (file.size <= LARGEST) setTable(decoded(new Uint8Array(await file.arrayBuffer())));
  }

  return (
    <Dialog title={t.title} shape="drawer" onClose={onClose} hasWork={() => table.trim() !== ""}>
      <form
        class="drawer-form import-table"
        onSubmit={(event) => {
          event.preventDefault();
          void send(trial === null);
        }}
      >
        <div class="dialog-body">
          {trial === null ? (
            <>
              <Field label={t.table} hint={t.hint} fault={isTooLarge ? t.tooLarge : null}>
                {(ids) => <textarea {...ids} required rows={12} spellcheck={false} autocomplete="off" placeholder={t.example} value={table} onInput={(event) => setTable(event.currentTarget.value)} />}
              </Field>
              <label class="btn import-file">
                {t.file}
                <input type="file" accept=".csv,.txt,text/csv,text/plain" aria-label={t.file} onChange={(event) => void read(event.currentTarget.files?.[0]).catch(setError)} />
              </label>
              {tenants.length > 1 && (
                <Field label={text.value.plates.watch.tenant}>
                  {(ids) => (
                    <select {...ids} value={chosenTenant(tenant, tenants)} onChange={(event) => setTenant(event.currentTarget.value)}>
                      {tenants.map((each) => (
                        <option key={each.tenant_id} value={each.tenant_id}>
                          {tenantName(each.name)}
                        </option>
                      ))}
                    </select>
                  )}
                </Field>
              )}
            </>
          ) : (
            <Trial trial={trial} />
          )}
          <ErrorNote error={error} />
        </div>
        <footer>
          <Button onClick={trial === null ? onClose : () => setTrial(null)}>{trial === null ? text.value.common.cancel : t.again}</Button>
          <Button type="submit" kind="primary" disabled={isBusy || (trial !== null && (trial.wrong > 0 || toTake === 0))}>
            {trial === null ? t.check : trial.wrong > 0 || toTake === 0 ? t.takeNone : t.take(toTake)}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

function Trial({ trial }: { trial: WatchImportAnswer }) {
  const t = text.value.watchImport;
  const columns = text.value.plates.watch.columns;
  const lines = shownFirst(trial.lines);
  const odd = trial.lines.filter(isOddLine).length;
  return (
    <>
      <div role="status" data-trial={trial.wrong > 0 ? "wrong" : "right"}>
        {trial.wrong > 0 ? <Note tone="alarm" title={t.wrong(trial.wrong)} /> : <p>{trial.added + trial.changed === 0 ? t.nothing : t.summary(trial.added, trial.changed, trial.unchanged)}</p>}
      </div>
      {odd > 0 && <Note>{t.odd(odd)}</Note>}
      <table class="import-lines">
        <thead>
          <tr>
            <th>{t.line}</th>
            <th>{columns.plate}</th>
            <th>{t.effect}</th>
            <th>{columns.reason}</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <Line key={line.line} line={line} />
          ))}
        </tbody>
      </table>
      {trial.lines.length > lines.length && <p class="muted">{t.others(trial.lines.length - lines.length)}</p>}
    </>
  );
}

function Line({ line }: { line: ImportedLine }) {
  const t = text.value.watchImport;
  const isWrong = line.does === "fault";
  return (
    <tr data-line={line.line}>
      <td class="mono">{line.line}</td>
      <td>{isWrong ? <span class="mono">{line.placa || "—"}</span> : <PlateChip plate={line.placa} />}</td>
      <td class={isWrong ? "word-alarm" : line.does === "nothing" ? "muted" : ""}>
        {t.does[line.does]}
        {isOddLine(line) && <small class="word-warn">{t.oddLine}</small>}
      </td>
      <td class="reason-cell">
        {isWrong ? (
          line.faults.map((fault) => t.faults[fault.code] ?? fault.message).join("; ")
        ) : (
          <>
            {line.reason}
            <small class="muted">
              {text.value.plates.watch.levels[line.level ?? ""]} · {line.expires_at === null ? text.value.plates.forever : text.value.plates.until(dateOf(Date.parse(line.expires_at) - 1, zone.value))}
            </small>
          </>
        )}
      </td>
    </tr>
  );
}

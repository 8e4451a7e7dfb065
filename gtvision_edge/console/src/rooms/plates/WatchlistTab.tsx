import { useState } from "preact/hooks";
import type { Watch } from "../../api/plates";
import { Problem } from "../../api/problem";
import { text } from "../../i18n";
import { dateOf, dateTimeOf } from "../../i18n/format";
import { may } from "../../state/permissions";
import { matches } from "../../state/search";
import { client, me } from "../../state/session";
import { zone } from "../../state/site";
import { say } from "../../state/toasts";
import { Confirm } from "../../ui/Dialog";
import { Unread } from "../../ui/fresh";
import { Button, Empty, ErrorNote, Skeleton } from "../../ui/parts";
import { twinOf } from "../../ui/plate";
import { PlateChip } from "../../ui/PlateChip";
import { loadWatches, watches } from "./store";
import { WatchForm } from "./WatchForm";
import { WatchImport } from "./WatchImport";

export function WatchlistTab() {
  const t = text.value.plates.watch;
  const [typed, setTyped] = useState("");
  const [editing, setEditing] = useState<Watch | "new" | null>(null);
  const [isImporting, setImporting] = useState(false);
  const [removing, setRemoving] = useState<Watch | null>(null);
  const mayEdit = may(me.value?.role, "editWatchlist");
  const list = watches.value;
  const listed = (list ?? []).filter((watch) => matches(typed, watch.placa, twinOf(watch.placa), watch.reason));
  const add = mayEdit && (
    <span class="watch-adding">
      <Button onClick={() => setImporting(true)}>{text.value.watchImport.open}</Button>
      <Button kind="primary" icon="plus" onClick={() => setEditing("new")}>
        {t.add}
      </Button>
    </span>
  );
  return (
    <div class="room-body pad stack" tabIndex={-1}>
      {list !== null && list.length > 0 && (
        <div class="list-bar">
          <input type="search" aria-label={t.find} placeholder={t.find} value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
          <span class="grow" />
          {add}
        </div>
      )}
      {list === null && (
        <Unread of={["watchlist"]} onRetry={() => void loadWatches().catch(() => {})}>
          <Skeleton rows={5} height={48} />
        </Unread>
      )}
      {list?.length === 0 && (
        <Empty title={t.empty} action={add || undefined}>
          {mayEdit ? t.emptyHint : t.emptyViewer}
        </Empty>
      )}
      {list !== null && list.length > 0 && listed.length === 0 && <p class="muted">{text.value.common.noMatch}</p>}
      {listed.length > 0 && <WatchTable watches={listed} onEdit={mayEdit ? setEditing : null} onRemove={setRemoving} />}
      {editing !== null && <WatchForm watch={editing === "new" ? null : editing} onClose={() => setEditing(null)} onSaved={() => void loadWatches().catch(() => {})} />}
      {isImporting && <WatchImport onClose={() => setImporting(false)} onDone={() => void loadWatches().catch(() => {})} />}
      {removing !== null && <Removal watch={removing} onClose={() => setRemoving(null)} />}
    </div>
  );
}

interface WatchTableProps {
  watches: readonly Watch[];
  /** null: who looks may not change it. */
  onEdit: ((watch: Watch) => void) | null;
  onRemove: (watch: Watch) => void;
}

function WatchTable({ watches: listed, onEdit, onRemove }: WatchTableProps) {
  const t = text.value.plates.watch;
  return (
    <table class="watch-table cards">
      <thead>
        <tr>
          <th>{t.columns.plate}</th>
          <th>{t.columns.reason}</th>
          <th>{t.columns.level}</th>
          <th>{t.columns.expires}</th>
          <th class="wide-only">{t.columns.since}</th>
          {onEdit !== null && (
            <th>
              <span class="hidden-words">{text.value.common.edit}</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {listed.map((watch) => (
          <tr key={watch.watch_id} class={watch.expired ? "over" : ""} data-watch={watch.placa}>
            <td>
              <PlateChip plate={watch.placa} />
            </td>
            <td class="reason-cell">{watch.reason}</td>
            <td>{t.levels[watch.level]}</td>
            <td class="muted">{watch.expired ? t.expired : watch.expires_at === null ? text.value.plates.forever : t.expiresIn(dateOf(Date.parse(watch.expires_at) - 1, zone.value))}</td>
            <td class="muted wide-only">{dateTimeOf(watch.created_at, zone.value)}</td>
            {onEdit !== null && (
              <td class="row-actions">
                <Button kind="ghost" onClick={() => onEdit(watch)}>
                  {text.value.common.edit}
                </Button>
                <Button kind="ghost" onClick={() => onRemove(watch)}>
                  {t.remove}
                </Button>
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Removal({ watch, onClose }: { watch: Watch; onClose: () => void }) {
  const t = text.value.plates.watch;
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  async function remove(): Promise<void> {
    setBusy(true);
    try {
      await client.delete(`/watchlist/${encodeURIComponent(watch.watch_id)}`);
    } catch (failure) {
      // Gone already is what was wanted.
      if (!(failure instanceof Problem && failure.status === 404)) {
        setError(failure);
        setBusy(false);
        return;
      }
    }
    say(t.removed(watch.placa));
    onClose();
    void loadWatches().catch(() => {});
  }
  return (
    <Confirm title={t.removeTitle(watch.placa)} body={t.removeBody(watch.placa)} action={t.remove} busy={isBusy} onConfirm={() => void remove()} onClose={onClose}>
      <ErrorNote error={error} />
    </Confirm>
  );
}

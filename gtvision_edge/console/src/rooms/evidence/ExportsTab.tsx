import { useEffect, useState } from "preact/hooks";
import type { Export, Incident } from "../../api/evidence";
import { text } from "../../i18n";
import { bytesOf } from "../../i18n/format";
import { may } from "../../state/permissions";
import { poll } from "../../state/poll";
import { client, me } from "../../state/session";
import { say } from "../../state/toasts";
import { Confirm } from "../../ui/Dialog";
import { Button, Empty, ErrorNote, Skeleton } from "../../ui/parts";
import { ExportCard } from "./ExportCard";
import { ExportDialog } from "./ExportDialog";
import { usePages } from "./pages";

const ACTIVE_MS = 1_500;
const IDLE_MS = 10_000;

export const isActive = (each: Export): boolean => each.state === "queued" || each.state === "running";

export function ExportsTab({ isAdding, onAdded }: { isAdding: boolean; onAdded: () => void }) {
  const t = text.value.evidence;
  const exports = usePages<Export>("/exports?limit=50", (each) => each.export_id);
  const incidents = usePages<Incident>("/incidents?limit=100", (each) => each.incident_id);
  const incidentOf = (each: Export): Incident | null => incidents.items?.find((incident) => incident.incident_id === each.incident_id) ?? null;
  const [leaving, setLeaving] = useState<Export | null>(null);
  const [again, setAgain] = useState<Export | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const hasActive = exports.items?.some(isActive) ?? false;
  useEffect(() => poll(exports.refresh, hasActive ? ACTIVE_MS : IDLE_MS), [hasActive, exports.items === null]);

  const close = (): void => {
    setAgain(null);
    if (isAdding) onAdded();
  };

  async function remove(gone: Export): Promise<void> {
    setBusy(true);
    setError(null);
    try {
      await client.delete(`/exports/${gone.export_id}`);
      say(isActive(gone) ? t.cancelled : t.deleted);
      setLeaving(null);
      void exports.refresh();
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  }

  return (
    <div class="stack">
      <ErrorNote error={exports.error} action={<Button onClick={() => void exports.reload()}>{text.value.common.retry}</Button>} />
      {exports.items === null && exports.error === null && <Skeleton rows={3} height={120} />}
      {exports.items?.length === 0 && <Empty title={t.noExports}>{t.noExportsBody}</Empty>}
      {exports.items?.map((each) => (
        <ExportCard key={each.export_id} item={each} incident={incidentOf(each)} mayTake={may(me.value?.role, "exportFootage")} onLeave={() => setLeaving(each)} onAgain={() => setAgain(each)} />
      ))}
      {exports.next !== null && (
        <div>
          <Button onClick={exports.more}>{t.more}</Button>
        </div>
      )}
      {leaving !== null && (
        <Confirm
          title={isActive(leaving) ? t.cancelAsk : t.deleteAsk}
          body={isActive(leaving) ? t.cancelBody(leaving.package_id) : t.deleteBody(leaving.package_id, bytesOf(leaving.bundle?.bytes))}
          action={isActive(leaving) ? t.cancelExport : t.deleteBundle}
          keep={isActive(leaving) ? t.keepGoing : undefined}
          busy={isBusy}
          onConfirm={() => void remove(leaving)}
          onClose={() => setLeaving(null)}
        >
          <ErrorNote error={error} />
        </Confirm>
      )}
      {(isAdding || again !== null) && (
        <ExportDialog
          incident={again === null ? null : incidentOf(again)}
          like={again}
          onClose={close}
          onBegun={() => {
            close();
            say(t.exportBegun);
            void exports.refresh();
            void incidents.refresh();
          }}
        />
      )}
    </div>
  );
}

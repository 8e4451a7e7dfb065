import { useEffect, useState } from "preact/hooks";
import type { Purge, PurgeDetail } from "../../api/evidence";
import { text } from "../../i18n";
import { bytesOf, dateTimeOf, numberOf, rangeOf } from "../../i18n/format";
import { client } from "../../state/session";
import { zone } from "../../state/site";
import { Dialog } from "../../ui/Dialog";
import { Icon } from "../../ui/Icon";
import { Button, Empty, ErrorNote, Skeleton } from "../../ui/parts";
import { actorOf } from "../settings/actors";
import { Reason } from "./Reason";
import { usePages } from "./pages";

export function PurgesTab() {
  const t = text.value.evidence;
  const purges = usePages<Purge>("/purges?limit=50", (each) => each.purge_id);
  const [opened, setOpened] = useState<Purge | null>(null);
  return (
    <div class="stack">
      <ErrorNote error={purges.error} action={<Button onClick={() => void purges.reload()}>{text.value.common.retry}</Button>} />
      {purges.items === null && purges.error === null && <Skeleton rows={5} />}
      {purges.items?.length === 0 && <Empty title={t.noPurges}>{t.noPurgesBody}</Empty>}
      {purges.items !== null && purges.items.length > 0 && (
        <table class="cards purge-table">
          <thead>
            <tr>
              <th>{t.purgeWhen}</th>
              <th>{t.purgeKind}</th>
              <th>{t.purgeSize}</th>
              <th>{t.purgeHeld}</th>
              <th>{t.purgeWho}</th>
              <th>
                <span class="hidden-words">{t.report}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {purges.items.map((purge) => (
              <tr key={purge.purge_id} data-purge={purge.purge_id}>
                <td class="mono">{dateTimeOf(purge.started_at, zone.value)}</td>
                <td>{t.kinds[purge.kind]}</td>
                <td>
                  {t.purgeSum(bytesOf(purge.bytes), purge.segments)}
                  {purge.failures > 0 && <small class="word-warn block">{t.purgeFailures(purge.failures)}</small>}
                </td>
                <td class="muted">{t.held(purge.held_skipped)}</td>
                <td>{whoOf(purge)}</td>
                <td class="row-actions">
                  <Button kind="ghost" onClick={() => setOpened(purge)}>
                    {t.details}
                  </Button>
                  <Report purge={purge} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {purges.next !== null && (
        <div>
          <Button onClick={purges.more}>{t.more}</Button>
        </div>
      )}
      {opened !== null && <PurgeDrawer purge={opened} onClose={() => setOpened(null)} />}
    </div>
  );
}

function whoOf({ actor }: Purge): string {
  return actor.name === "" ? text.value.evidence.bySystem : actorOf({ actor });
}

/** The signed paper, in a tab of its own; the first asking makes it, which takes some seconds. */
function Report({ purge }: { purge: Purge }) {
  const t = text.value.evidence;
  if (purge.finished_at === null) return <span class="muted">{t.running}</span>;
  return (
    <a class="btn" href={`/api/v1/purges/${purge.purge_id}.pdf`} target="_blank" rel="noopener">
      <Icon name="file" size={18} />
      <span>
        <span class="hidden-words">{t.report} </span>
        {t.reportShort}
      </span>
    </a>
  );
}

function PurgeDrawer({ purge, onClose }: { purge: Purge; onClose: () => void }) {
  const t = text.value.evidence;
  const [detail, setDetail] = useState<PurgeDetail | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    client.get<PurgeDetail>(`/purges/${purge.purge_id}`).then(setDetail, setError);
  }, [purge.purge_id]);
  return (
    <Dialog title={t.purgeDetail} onClose={onClose} shape="drawer">
      <div class="dialog-body">
        <dl class="facts">
          <dt>{t.purgeWhen}</dt>
          <dd>{purge.finished_at === null ? dateTimeOf(purge.started_at, zone.value) : rangeOf(purge.started_at, purge.finished_at, zone.value)}</dd>
          <dt>{t.purgeKind}</dt>
          <dd>
            {t.kinds[purge.kind]}
            {purge.reason && <Reason words={purge.reason} />}
          </dd>
          <dt>{t.purgeWho}</dt>
          <dd>{whoOf(purge)}</dd>
          <dt>{t.purgeSize}</dt>
          <dd>{t.purgeSum(bytesOf(purge.bytes), purge.segments)}</dd>
          <dt>{t.purgeHeld}</dt>
          <dd>{t.held(purge.held_skipped)}</dd>
          {purge.audit_seq !== null && (
            <>
              <dt>{t.auditEntry}</dt>
              <dd>{numberOf(purge.audit_seq)}</dd>
            </>
          )}
          {purge.root !== null && (
            <>
              <dt>{t.root}</dt>
              <dd class="mono">{purge.root}</dd>
            </>
          )}
        </dl>
        <ErrorNote error={error} />
        <h2>{t.perCamera}</h2>
        {detail === null && error === null && <Skeleton rows={2} />}
        {detail?.cameras.map((camera, at) => (
          <div key={camera.camera_uuid ?? at} class="lost">
            <b>{camera.name ?? camera.camera_id ?? "—"}</b> <span>{t.purgeSum(bytesOf(camera.bytes), camera.segments)}</span>
            <small class="muted">{rangeOf(camera.start, camera.end, zone.value)}</small>
          </div>
        ))}
      </div>
      <footer>
        <Button onClick={onClose}>{text.value.common.close}</Button>
        <Report purge={purge} />
      </footer>
    </Dialog>
  );
}

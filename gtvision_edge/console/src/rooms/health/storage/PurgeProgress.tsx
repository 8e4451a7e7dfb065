import { useEffect, useState } from "preact/hooks";
import type { PurgeDetail } from "../../../api/evidence";
import { text } from "../../../i18n";
import { bytesOf } from "../../../i18n/format";
import { poll } from "../../../state/poll";
import { hashOf } from "../../../state/route";
import { client } from "../../../state/session";
import { Icon } from "../../../ui/Icon";
import { Button, ErrorNote, Note } from "../../../ui/parts";
import { camerasOfPurge } from "./rules";

const POLL_MS = 1_500;

/** The deletions of an order until they are done, each with its report. */
export function PurgeProgress({ ids, onClose }: { ids: readonly string[]; onClose: () => void }) {
  const t = text.value.purging;
  const [purges, setPurges] = useState<readonly PurgeDetail[]>([]);
  const [error, setError] = useState<unknown>(null);
  const isDone = purges.length === ids.length && purges.every((each) => each.finished_at !== null);
  useEffect(() => {
    if (isDone) return undefined;
    return poll(async () => {
      try {
        setPurges(await Promise.all(ids.map((id) => client.get<PurgeDetail>(`/purges/${id}`))));
        setError(null);
      } catch (failure) {
        setError(failure);
      }
    }, POLL_MS);
  }, [isDone]);
  return (
    <>
      <div class="dialog-body" role="status">
        {ids.length === 0 && <Note>{t.nothingWent}</Note>}
        {purges.map((purge) => {
          const names = camerasOfPurge(purge);
          const name = names.length === 0 ? t.wholeSite : t.camerasOf(names);
          return (
            <div key={purge.purge_id} class="going" data-purge={purge.purge_id} data-finished={purge.finished_at !== null}>
              <span>{purge.finished_at === null ? t.running(name) : t.done(name, purge.segments, bytesOf(purge.bytes))}</span>
              {purge.failures > 0 && <small class="word-warn">{t.failures(purge.failures)}</small>}
              {purge.finished_at !== null && (
                <div>
                  <a class="btn" href={`/api/v1/purges/${purge.purge_id}.pdf`} target="_blank" rel="noopener">
                    <Icon name="file" size={18} />
                    {t.report}
                  </a>
                </div>
              )}
            </div>
          );
        })}
        {ids.length > 0 && !isDone && <p class="muted">{t.leaveOpen}</p>}
        <ErrorNote error={error} />
      </div>
      <footer>
        {ids.length > 0 && (
          <a class="btn" href={hashOf("evidence", "purges")}>
            {t.toPurges}
          </a>
        )}
        <Button kind="primary" onClick={onClose}>
          {text.value.common.close}
        </Button>
      </footer>
    </>
  );
}

import { useState } from "preact/hooks";
import type { ParkedMessage } from "../../../api/hub";
import { text } from "../../../i18n";
import { dateTimeOf, whenOf } from "../../../i18n/format";
import { nowMs } from "../../../state/clock";
import { hashOf } from "../../../state/route";
import { client } from "../../../state/session";
import { cameras, refreshStatus, zone } from "../../../state/site";
import { say } from "../../../state/toasts";
import { Button, ErrorNote, Skeleton } from "../../../ui/parts";
import { usePages } from "../../evidence/pages";
import { DiscardDialog } from "./DiscardDialog";

const pathOf = (message: ParkedMessage): string => `/uplink/parked/${encodeURIComponent(message.message_id)}`;

/** What the hub refused ten times: to be tried again, or given up with a reason. */
export function Refused({ count }: { count: number }) {
  const t = text.value.hub;
  const pages = usePages<ParkedMessage>("/uplink/parked?limit=50", (each) => each.message_id);
  const [discarding, setDiscarding] = useState<ParkedMessage | "all" | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const items = pages.items ?? [];

  async function attempt(work: () => Promise<void>): Promise<void> {
    setBusy(true);
    setError(null);
    try {
      await work();
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
      await Promise.all([pages.reload(), refreshStatus()]);
    }
  }

  const retry = (message: ParkedMessage): Promise<void> =>
    attempt(async () => {
      await client.post(`${pathOf(message)}/retry`, {});
      say(t.retried);
    });
  const retryAll = (): Promise<void> =>
    attempt(async () => {
      const { messages } = await client.post<{ messages: number }>("/uplink/parked/retry", {});
      say(t.retriedAll(messages));
    });

  return (
    <section class="card refused" data-refused={items.length}>
      <header class="card-head">
        <h2>{t.refusedTitle}</h2>
        <span class="grow" />
        <Button kind="ghost" disabled={isBusy} onClick={() => void Promise.all([pages.reload(), refreshStatus()])}>
          {t.refresh}
        </Button>
        {items.length > 0 && (
          <>
            <Button disabled={isBusy} onClick={() => void retryAll()}>
              {t.retryAll}
            </Button>
            <Button kind="danger" disabled={isBusy} onClick={() => setDiscarding("all")}>
              {t.discardAll}
            </Button>
          </>
        )}
      </header>
      <ErrorNote error={error ?? pages.error} />
      {pages.items === null && pages.error === null && <Skeleton rows={3} />}
      {pages.items?.length === 0 && (
        <p class="muted">
          {t.refusedNone} {t.refusedNoneBody}
        </p>
      )}
      {items.length > 0 && <p class="muted">{t.refusedBody}</p>}
      {items.length > 0 && <Table items={items} isBusy={isBusy} onRetry={(message) => void retry(message)} onDiscard={setDiscarding} />}
      {pages.next !== null && (
        <div>
          <Button onClick={pages.more}>{t.more}</Button>
        </div>
      )}
      {discarding !== null && (
        <DiscardDialog
          path={discarding === "all" ? "/uplink/parked/discard" : `${pathOf(discarding)}/discard`}
          count={discarding === "all" ? Math.max(count, items.length) : null}
          onClose={() => setDiscarding(null)}
          onDone={() => {
            setDiscarding(null);
            void Promise.all([pages.reload(), refreshStatus()]);
          }}
        />
      )}
    </section>
  );
}

interface TableProps {
  items: readonly ParkedMessage[];
  isBusy: boolean;
  onRetry: (message: ParkedMessage) => void;
  onDiscard: (message: ParkedMessage) => void;
}

function Table({ items, isBusy, onRetry, onDiscard }: TableProps) {
  const t = text.value.hub;
  return (
    <table class="cards refused-table">
      <thead>
        <tr>
          <th>{t.kind}</th>
          <th>{t.camera}</th>
          <th>{t.accepted}</th>
          <th>{t.tries}</th>
          <th>{t.why}</th>
          <th>
            <span class="hidden-words">{t.retry}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {items.map((message) => (
          <tr key={message.message_id} data-message={message.message_id}>
            <td>{t.kinds[message.routing_key] ?? message.routing_key}</td>
            <td>
              <CameraOf message={message} />
            </td>
            <td class="mono">{dateTimeOf(message.accepted_at, zone.value)}</td>
            <td class="muted">{t.triesOf(message.attempts)}</td>
            <td class="why">
              {t.reasons[message.reason]} <small class="faint">{t.since(whenOf(message.parked_at, nowMs.value, zone.value))}</small>
            </td>
            <td class="row-actions">
              <Button kind="ghost" disabled={isBusy} onClick={() => onRetry(message)}>
                {t.retry}
              </Button>
              <Button kind="ghost" disabled={isBusy} onClick={() => onDiscard(message)}>
                {t.discard}
              </Button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function CameraOf({ message }: { message: ParkedMessage }) {
  if (message.camera_id === null) return <span class="muted">—</span>;
  const camera = cameras.value?.find((each) => each.camera_id === message.camera_id);
  if (camera === undefined) return <span class="mono">{message.camera_id}</span>;
  return <a href={hashOf("cameras", camera.camera_id)}>{camera.name}</a>;
}

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { text } from "../../../i18n";
import { whenOf } from "../../../i18n/format";
import { nowMs } from "../../../state/clock";
import { poll } from "../../../state/poll";
import { client } from "../../../state/session";
import { refreshStatus, zone } from "../../../state/site";
import { say } from "../../../state/toasts";
import { Button, ErrorNote, Skeleton } from "../../../ui/parts";
import { usePages } from "../../evidence/pages";
import { DiscardDialog } from "./DiscardDialog";

const LOOK_MS = 10_000;

/** What every parked thing has. */
export interface Parked {
  parked_at: string;
  attempts: number;
}

/** What a line calls its parked things. */
export interface ParkedWords {
  refusedTitle: string;
  refusedBody: string;
  refusedNone: string;
  refusedNoneBody: string;
  retried: string;
  retriedAll: (n: number) => string;
  discardTitle: string;
  discardAllTitle: (n: number) => string;
  discarded: (n: number) => string;
}

export interface Column<T> {
  title: string;
  kind?: "mono" | "muted";
  cell: (item: T) => ComponentChildren;
}

/** How the parked things of a line are listed, tried again and given up. */
export interface Parking<T extends Parked, R> {
  /** Of the API; one of them is at `path/id`. */
  path: string;
  idOf: (item: T) => string;
  words: ParkedWords;
  /** Before how often it was tried and what went wrong. */
  columns: readonly Column<T>[];
  reasonOf: (item: T) => string;
  /** Which one it is, in a line. */
  nameOf: (item: T) => string;
  /** What giving up one means, and giving up all. */
  discardBody: (item: T) => string;
  discardAllBody: string;
  /** How many were seen to, by what the API says of all. */
  countOf: (told: R) => number;
}

/** What the other side of a line refused again and again: to be tried again, or given up with a reason. *count*: how many giving all up takes. */
export function ParkedList<T extends Parked, R>({ parking, count }: { parking: Parking<T, R>; count: number }) {
  const { path, idOf, words } = parking;
  const t = text.value.lines;
  const pages = usePages<T>(`${path}?limit=50`, idOf);
  const [discarding, setDiscarding] = useState<T | "all" | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const items = pages.items ?? [];
  const many = Math.max(count, items.length);
  const pathOf = (item: T): string => `${path}/${encodeURIComponent(idOf(item))}`;

  const latest = useRef(pages);
  latest.current = pages;
  // What came or went by itself shows without a hand; a count that changed is known sooner than the list.
  useEffect(() => poll(() => latest.current.follow(), LOOK_MS), []);
  useEffect(() => void latest.current.follow(), [count]);

  const lookAgain = (): Promise<unknown> => Promise.all([latest.current.reread(), refreshStatus()]);

  async function attempt(work: () => Promise<void>): Promise<void> {
    setBusy(true);
    setError(null);
    try {
      await work();
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
      await lookAgain();
    }
  }

  const retry = (item: T): Promise<void> =>
    attempt(async () => {
      await client.post(`${pathOf(item)}/retry`, {});
      say(words.retried);
    });
  const retryAll = (): Promise<void> =>
    attempt(async () => {
      say(words.retriedAll(parking.countOf(await client.post<R>(`${path}/retry`, {}))));
    });

  return (
    <section class="card refused" data-refused={items.length}>
      <header class="card-head">
        <h2>{words.refusedTitle}</h2>
        <span class="grow" />
        {items.length > 0 && (
          <Button disabled={isBusy} onClick={() => void retryAll()}>
            {t.retryAll}
          </Button>
        )}
        {many > 0 && (
          <Button kind="danger" disabled={isBusy} onClick={() => setDiscarding("all")}>
            {t.discardAll}
          </Button>
        )}
      </header>
      <ErrorNote error={error ?? pages.error} action={pages.error !== null && <Button onClick={() => void pages.reload()}>{text.value.common.retry}</Button>} />
      {pages.items === null && pages.error === null && <Skeleton rows={3} />}
      {pages.items?.length === 0 && (
        <p class="muted">
          {words.refusedNone} {words.refusedNoneBody}
        </p>
      )}
      {items.length > 0 && <p class="muted">{words.refusedBody}</p>}
      {items.length > 0 && <Table parking={parking} items={items} isBusy={isBusy} onRetry={(item) => void retry(item)} onDiscard={setDiscarding} />}
      {pages.next !== null && (
        <div>
          <Button onClick={pages.more}>{t.more}</Button>
        </div>
      )}
      {discarding !== null && (
        <DiscardDialog<R>
          path={discarding === "all" ? `${path}/discard` : `${pathOf(discarding)}/discard`}
          title={discarding === "all" ? words.discardAllTitle(many) : words.discardTitle}
          name={discarding === "all" ? null : parking.nameOf(discarding)}
          body={discarding === "all" ? parking.discardAllBody : parking.discardBody(discarding)}
          onClose={() => setDiscarding(null)}
          onDone={(told) => {
            say(words.discarded(told === undefined ? 1 : parking.countOf(told)));
            setDiscarding(null);
            void lookAgain();
          }}
        />
      )}
    </section>
  );
}

interface TableProps<T extends Parked, R> {
  parking: Parking<T, R>;
  items: readonly T[];
  isBusy: boolean;
  onRetry: (item: T) => void;
  onDiscard: (item: T) => void;
}

function Table<T extends Parked, R>({ parking, items, isBusy, onRetry, onDiscard }: TableProps<T, R>) {
  const t = text.value.lines;
  return (
    <table class="cards refused-table">
      <thead>
        <tr>
          {parking.columns.map(({ title }) => (
            <th key={title}>{title}</th>
          ))}
          <th>{t.tries}</th>
          <th>{t.why}</th>
          <th>
            <span class="hidden-words">{t.retry}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <tr key={parking.idOf(item)} data-item={parking.idOf(item)}>
            {parking.columns.map(({ title, kind, cell }) => (
              <td key={title} class={kind}>
                {cell(item)}
              </td>
            ))}
            <td class="muted">{t.triesOf(item.attempts)}</td>
            <td class="why">
              {parking.reasonOf(item)} <small class="faint">{t.since(whenOf(item.parked_at, nowMs.value, zone.value))}</small>
            </td>
            <td class="row-actions">
              <Button kind="ghost" disabled={isBusy} onClick={() => onRetry(item)}>
                {t.retry}
              </Button>
              <Button kind="ghost" disabled={isBusy} onClick={() => onDiscard(item)}>
                {t.discard}
              </Button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

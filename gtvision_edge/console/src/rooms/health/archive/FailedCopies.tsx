import type { ParkedCopy } from "../../../api/archive";
import type { ArchiveStatus } from "../../../api/lines";
import { text } from "../../../i18n";
import { bytesOf, dateTimeOf } from "../../../i18n/format";
import { zone } from "../../../state/site";
import { ParkedList, type Parking } from "../lines/ParkedList";
import { discardable } from "./pending";

/** Copies and removals that failed too often at the object store. */
export function FailedCopies({ line }: { line: ArchiveStatus }) {
  const t = text.value.archive;
  const whatOf = (copy: ParkedCopy): string => t.acts[copy.act][copy.kind];
  const whenOf = (copy: ParkedCopy): string => dateTimeOf(copy.queued_at, zone.value);
  const parking: Parking<ParkedCopy, { acts: number }> = {
    path: "/archive/parked",
    idOf: (copy) => copy.id,
    words: t,
    columns: [
      {
        title: t.what,
        cell: (copy) => (
          <>
            {whatOf(copy)}
            <small class="mono faint store-key" title={copy.key}>
              {copy.key}
            </small>
          </>
        ),
      },
      { title: t.size, kind: "muted", cell: (copy) => (copy.act === "remove" ? "—" : bytesOf(copy.size_bytes)) },
      { title: t.queued, kind: "mono", cell: whenOf },
    ],
    reasonOf: (copy) => t.reasons[copy.reason] ?? t.saidByStore(copy.reason),
    nameOf: (copy) => `${whatOf(copy)} · ${whenOf(copy)} · ${copy.key}`,
    discardBody: (copy) => (copy.act === "copy" ? t.discardCopy : t.discardRemoval),
    discardAllBody: line.state === "off" ? t.discardAllOff : t.discardAllBody,
    countOf: (told) => told.acts,
  };
  return <ParkedList parking={parking} count={discardable(line)} />;
}

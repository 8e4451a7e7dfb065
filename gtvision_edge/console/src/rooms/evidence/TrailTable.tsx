import { Fragment } from "preact";
import { useState } from "preact/hooks";
import type { AuditEntry } from "../../api/types";
import { text } from "../../i18n";
import { dateTimeOf, rangeOf } from "../../i18n/format";
import { cameras, zone } from "../../state/site";
import { actorOf } from "../settings/actors";
import { PlateActFacts, plateActHere } from "../settings/PlateActFacts";
import { plateCellsOf } from "../settings/plateActs";
import { footageOfAll, gathered, type Sitting } from "./gathering";
import { camerasOf, footageOf, type Footage } from "./trail";

const SHOWN_STRETCHES = 3;

/** Who, what, of which camera and which footage; the looks of one sitting in one row that opens. */
export function TrailTable({ entries }: { entries: readonly AuditEntry[] }) {
  const t = text.value.evidence;
  const words = text.value.settings;
  return (
    <table class="cards log">
      <thead>
        <tr>
          <th>{words.when}</th>
          <th>{words.who}</th>
          <th>{words.what}</th>
          <th>{t.cameras}</th>
          <th>{t.footage}</th>
          <th class="wide-only">{t.address}</th>
        </tr>
      </thead>
      <tbody>
        {gathered(entries).map((sitting) => {
          const [newest] = sitting.entries;
          if (newest === undefined) return null;
          return sitting.entries.length === 1 ? <EntryRow key={newest.seq} entry={newest} /> : <SittingRows key={newest.seq} sitting={sitting} />;
        })}
      </tbody>
    </table>
  );
}

function EntryRow({ entry, isWithin = false }: { entry: AuditEntry; isWithin?: boolean }) {
  const act = plateActHere(entry);
  return (
    <tr data-act={entry.action} class={isWithin ? "within" : ""}>
      <td class="mono when">{dateTimeOf(entry.at, zone.value)}</td>
      <td>{actorOf(entry)}</td>
      <td title={entry.action}>
        {actOf(entry)}
        {act !== null && <PlateActFacts act={act} />}
      </td>
      <td>{namesOf(entry)}</td>
      <td class="muted">{footageWords(footageOf(entry)) || "—"}</td>
      <td class="wide-only muted mono">{entry.address || "—"}</td>
    </tr>
  );
}

function SittingRows({ sitting: { look, entries } }: { sitting: Sitting }) {
  const t = text.value.evidence;
  const [isOpen, setOpen] = useState(false);
  const [newest, oldest] = [entries[0], entries.at(-1)];
  if (newest === undefined || oldest === undefined || look === null) return null;
  const who = actorOf(newest);
  const what = t.looks[look];
  const stretches = footageOfAll(entries);
  const rest = stretches.length - SHOWN_STRETCHES;
  const addresses = [...new Set(entries.map((entry) => entry.address).filter((address) => address !== ""))];
  return (
    <Fragment>
      <tr data-sitting={look}>
        <td class="mono when">{rangeOf(oldest.at, newest.at, zone.value)}</td>
        <td>{who}</td>
        <td>
          {what}
          <button type="button" class="opener" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {t.entries(entries.length)}
            <span class="hidden-words">{t.entriesOf(who, what)}</span>
          </button>
        </td>
        <td>{namesOf(newest)}</td>
        <td class="muted">
          {footageWords(stretches.slice(0, SHOWN_STRETCHES)) || "—"}
          {rest > 0 && <small class="block">{t.moreStretches(rest)}</small>}
        </td>
        <td class="wide-only muted mono">{addresses.join(", ") || "—"}</td>
      </tr>
      {isOpen && entries.map((entry) => <EntryRow key={entry.seq} entry={entry} isWithin />)}
    </Fragment>
  );
}

function actOf(entry: AuditEntry): string {
  return text.value.acts[entry.action] ?? entry.action;
}

function namesOf(entry: AuditEntry): string {
  return camerasOf(entry).map((id) => cameras.value?.find((camera) => camera.camera_id === id || camera.camera_uuid === id)?.name ?? id).join(", ") || "—";
}

function footageWords(footage: readonly Footage[]): string {
  return footage.map(({ start, end }) => rangeOf(start, end, zone.value)).join("; ");
}

/** An entry as a row of the file: all there is of it. */
export function cellsOf(entry: AuditEntry): string[] {
  return [
    String(entry.seq),
    dateTimeOf(entry.at, zone.value),
    actorOf(entry),
    actOf(entry),
    namesOf(entry),
    footageWords(footageOf(entry)) || "—",
    entry.subject,
    entry.address,
    ...plateCellsOf(plateActHere(entry)),
  ];
}

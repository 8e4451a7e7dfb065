import type { StorageReport } from "../../../api/evidence";
import { text } from "../../../i18n";
import { dateTimeOf, numberOf } from "../../../i18n/format";

/** How long plate readings live, and when what is past its time was and will be taken away: rows of a list. */
export function readingsRows({ readings, clock }: Pick<StorageReport, "readings" | "clock">, zone: string): [label: string, words: string][] {
  const t = text.value.readingsKept;
  const next = readings.next_round === null ? (clock.state === "suspect" ? t.waitsForClock : t.goingOn) : dateTimeOf(readings.next_round, zone);
  return [
    [t.keeps, `${t.days(numberOf(readings.keep_days), readings.keep_days === 1)} (${t.source})`],
    [t.last, readings.last_round === null ? t.neverSinceStart : dateTimeOf(readings.last_round, zone)],
    [t.next, next],
  ];
}

import type { PurgeOrder } from "../../../api/evidence";
import { text } from "../../../i18n";
import { bytesOf, dateTimeOf } from "../../../i18n/format";
import { hashOf } from "../../../state/route";
import { zone } from "../../../state/site";
import { Note } from "../../../ui/parts";
import { Reason } from "../../evidence/Reason";
import { sumOf } from "./rules";

/** What an order would take, in whole and by camera, and what it would not: what incidents keep, what lies across its edges. */
export function PurgePreview({ outcome }: { outcome: PurgeOrder }) {
  const t = text.value.purging;
  const words = text.value.storage;
  const sum = sumOf(outcome.would_delete ?? []);
  const when = (moment: string | null): string => dateTimeOf(moment, zone.value);
  const hasHeld = outcome.held.length > 0;
  return (
    <div class="outcome" data-outcome>
      {sum.segments > 0 && <Note tone="warn">{words.wouldDelete(sum.segments, bytesOf(sum.bytes), when(sum.start), when(sum.end))}</Note>}
      {sum.segments === 0 && <Note tone={hasHeld ? "warn" : "plain"}>{hasHeld ? t.allHeld : t.nothing}</Note>}
      {outcome.would_delete?.map((each) => (
        <div key={each.camera_uuid} class="going">
          <b>{each.name}</b>
          <span class="muted">{words.perCamera(each.segments, bytesOf(each.bytes), when(each.start), when(each.end))}</span>
        </div>
      ))}
      {outcome.crossing > 0 && <p class="muted">{t.crossing(outcome.crossing)}</p>}
      {hasHeld && (
        <Note tone="held" title={sum.segments > 0 ? t.someHeld : undefined}>
          <ul class="held-list">
            {outcome.held.map((each) => (
              <li key={each.camera_uuid}>
                {t.heldOf(each.name, each.segments, bytesOf(each.bytes))}
                {each.incidents.map((incident) => (
                  <small key={incident.incident_id} class="block">
                    <Reason words={t.heldBy(incident.reason)} />
                  </small>
                ))}
              </li>
            ))}
          </ul>
          {t.heldCure} <a href={hashOf("evidence", "incidents")}>{t.toIncidents}</a>
        </Note>
      )}
    </div>
  );
}

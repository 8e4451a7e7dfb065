import type { Detection } from "../../api/plates";
import { text } from "../../i18n";
import { whenOf } from "../../i18n/format";
import { pendingOf } from "../../state/alerts";
import { nowMs } from "../../state/clock";
import { zone } from "../../state/site";
import { isLow } from "../../ui/plate";
import { PlateChip } from "../../ui/PlateChip";
import { Crop } from "./Crop";
import { chosenId, watchedVehicles } from "./store";
import { cameraName, confidenceOf, directionOf, isToActOn, watchOf } from "./words";

/** One row a reading; those that somebody has to act on are red; all of listed plates say why. */
export function ReadingTable({ readings }: { readings: readonly Detection[] }) {
  const t = text.value.plates.columns;
  return (
    <table class="reading-table cards">
      <thead>
        <tr>
          <th>{t.crop}</th>
          <th>{t.plate}</th>
          <th>{t.confidence}</th>
          <th>{t.camera}</th>
          <th>{t.direction}</th>
          <th>{t.when}</th>
          <th>
            <span class="hidden-words">{t.note}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {readings.map((reading) => (
          <Row key={reading.detection_id} reading={reading} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ reading }: { reading: Detection }) {
  const t = text.value.plates;
  const watch = watchOf(watchedVehicles.value, reading);
  const isHot = isToActOn(pendingOf(reading));
  const isChosen = chosenId.value === reading.detection_id;
  const choose = (): void => {
    chosenId.value = isChosen ? null : reading.detection_id;
  };
  const classes = [isHot ? "hit" : watch === null ? "" : "listed", isChosen ? "on" : ""].join(" ");
  return (
    <tr class={classes} data-reading={reading.detection_id} aria-selected={isChosen} onClick={choose}>
      <td>
        <Crop detection={reading} />
      </td>
      <td>
        <button
          type="button"
          class="row-button"
          aria-expanded={isChosen}
          onClick={(event) => {
            event.stopPropagation();
            choose();
          }}
        >
          <PlateChip plate={reading.placa} suggestions={reading.sugestoes} confidence={reading.confianca} isAnonymised={reading.anonymised} />
        </button>
      </td>
      <td class={isLow(reading.confianca) ? "word-warn" : "muted"}>{confidenceOf(reading)}</td>
      <td>{cameraName(reading.camera_id)}</td>
      <td class="muted">{directionOf(reading) ?? ""}</td>
      <td class="mono">{whenOf(reading.timestamp, nowMs.value, zone.value)}</td>
      <td class="muted note-cell">
        {watch !== null && <span class={isHot ? "word-alarm" : ""}>{isHot ? watch.reason : `${text.value.alerting.listed}: ${watch.reason}`}</span>}
        {watch === null && reading.sugestoes.map((plate) => t.perhaps(plate)).join(", ")}
        {reading.late && `${watch !== null || reading.sugestoes.length > 0 ? " · " : ""}${t.facts.late}`}
      </td>
    </tr>
  );
}

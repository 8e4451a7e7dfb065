import type { AuditEntry } from "../../api/types";
import { cameras, zone } from "../../state/site";
import { plateActOf, type PlateAct } from "./plateActs";

/** As `plateActOf` has it, with the names of this site. */
export function plateActHere(entry: AuditEntry): PlateAct | null {
  return plateActOf(entry, zone.value, (id) => cameras.value?.find((camera) => camera.camera_id === id || camera.camera_uuid === id)?.name ?? id);
}

/** Which plate, what for, of which time and of which cameras, below the name of the act. */
export function PlateActFacts({ act }: { act: PlateAct }) {
  return (
    <span class="plate-act">
      {act.plate !== "" && <b class="mono">{act.plate}</b>}
      {act.why !== null && (
        <span>
          {act.why.label}: {act.why.words}
        </span>
      )}
      {act.rest.map(([label, value]) => (
        <small key={label} class="faint">
          {label}: {value}
        </small>
      ))}
    </span>
  );
}

import type { Incident } from "../../api/evidence";
import { text } from "../../i18n";
import { say } from "../../state/toasts";

/** Tell whether nothing at all was recorded of an incident, though it has begun. */
export function isEmpty(incident: Pick<Incident, "warnings">): boolean {
  return incident.warnings?.includes("no_footage") ?? false;
}

/** Say that footage is kept, or that there is none to keep. */
export function sayHeld(incident: Pick<Incident, "warnings">): void {
  if (isEmpty(incident)) say(text.value.evidence.heldNothing, { tone: "alarm" });
  else say(text.value.investigate.heldDone);
}

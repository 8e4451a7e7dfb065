import type { AuditEntry } from "../../api/types";
import { text } from "../../i18n";

/** Who did it, as people say it: the log's own names for what is no person are English. */
export function actorOf({ actor }: Pick<AuditEntry, "actor">): string {
  const names = text.value.settings.actors;
  if (actor.user_id === "system") return names.system;
  if (actor.user_id === "cli") return names.cli;
  return actor.name || names.nobody;
}

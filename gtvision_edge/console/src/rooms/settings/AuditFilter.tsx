import type { AuditEntry } from "../../api/types";
import { text } from "../../i18n";
import { actorOf } from "./actors";

export interface Filter {
  /** A user's id; "" is everybody. */
  person: string;
  action: string;
  hidesViewing: boolean;
}

export const EVERYTHING: Filter = { person: "", action: "", hidesViewing: false };

export function matchesFilter({ actor, action }: AuditEntry, filter: Filter): boolean {
  if (filter.hidesViewing && action.startsWith("view.")) return false;
  return (filter.person === "" || actor.user_id === filter.person) && (filter.action === "" || action === filter.action);
}

interface AuditFilterProps {
  /** The choices are those who did something, and what they did. */
  entries: readonly AuditEntry[];
  filter: Filter;
  onChange: (filter: Filter) => void;
}

export function AuditFilter({ entries, filter, onChange }: AuditFilterProps) {
  const t = text.value.settings;
  const people = new Map(entries.map((entry): [string, string] => [entry.actor.user_id, actorOf(entry)]));
  const actions = [...new Set(entries.map((entry) => entry.action))].sort();
  return (
    <>
      <select aria-label={t.person} value={filter.person} onChange={(event) => onChange({ ...filter, person: event.currentTarget.value })}>
        <option value="">{t.everybody}</option>
        {[...people].map(([id, name]) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
      <select aria-label={t.act} value={filter.action} onChange={(event) => onChange({ ...filter, action: event.currentTarget.value })}>
        <option value="">{t.everyAct}</option>
        {actions.map((action) => (
          <option key={action} value={action}>
            {text.value.acts[action] ?? action}
          </option>
        ))}
      </select>
      <label class="check">
        <input type="checkbox" checked={filter.hidesViewing} onChange={(event) => onChange({ ...filter, hidesViewing: event.currentTarget.checked })} />
        {t.hideViewing}
      </label>
    </>
  );
}

import type { AuditEntry } from "../../api/types";
import { text } from "../../i18n";

export interface Filter {
  /** A user's id; "" is everybody. */
  person: string;
  action: string;
  hidesViewing: boolean;
}

export const EVERYTHING: Filter = { person: "", action: "", hidesViewing: false };

/** Where the entries of *filter* are asked for: of all the log, not of what was read of it. */
export function auditPath({ person, action }: Filter): string {
  const query = new URLSearchParams();
  if (action !== "") query.set("action", action);
  if (person !== "") query.set("actor", person);
  return query.size === 0 ? "/audit" : `/audit?${query}`;
}

export function isShown({ action }: AuditEntry, { hidesViewing }: Filter): boolean {
  return !(hidesViewing && action.startsWith("view."));
}

interface AuditFilterProps {
  /** Those to choose from, names by id. */
  people: ReadonlyMap<string, string>;
  filter: Filter;
  onChange: (filter: Filter) => void;
}

export function AuditFilter({ people, filter, onChange }: AuditFilterProps) {
  const t = text.value.settings;
  const actions = Object.entries(text.value.acts).sort(([, one], [, other]) => one.localeCompare(other));
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
        {actions.map(([action, words]) => (
          <option key={action} value={action}>
            {words}
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

import { text } from "../../../i18n";
import { Field, Segments } from "../../../ui/parts";

export interface Where {
  method: "multicast" | "unicast";
  typed: string;
}

interface Props {
  where: Where;
  fault: string;
  isBusy: boolean;
  onChange: (changes: Partial<Where>) => void;
}

/** Where to look: the networks the box is connected to, or addresses behind a router. */
export function SearchForm({ where, fault, isBusy, onChange }: Props) {
  const t = text.value.search;
  return (
    <>
      <Segments
        label={t.where}
        value={where.method}
        options={[
          { value: "multicast", label: t.nearby },
          { value: "unicast", label: t.addresses },
        ]}
        onChange={(method) => onChange({ method })}
      />
      {where.method === "multicast" ? (
        <p class="muted">{t.nearbyHint}</p>
      ) : (
        <Field label={t.targets} hint={t.targetsHint} fault={fault}>
          {(ids) => (
            <input
              {...ids}
              name="targets"
              type="text"
              autocomplete="off"
              spellcheck={false}
              placeholder="192.168.1.0/24"
              value={where.typed}
              onInput={(event) => onChange({ typed: event.currentTarget.value })}
            />
          )}
        </Field>
      )}
      <p class="muted">{t.noSecrets}</p>
      {isBusy && (
        <p class="muted" role="status">
          {t.searchingHint}
        </p>
      )}
    </>
  );
}

import { useState } from "preact/hooks";
import { text } from "../../i18n";
import { dateTimeOf } from "../../i18n/format";
import { siteClock } from "../../state/clock";
import { zone } from "../../state/site";
import { Field } from "../../ui/parts";
import { parseWhen } from "../investigate/when";

export interface FieldSpan {
  startMs: number | null;
  endMs: number | null;
}

interface SpanFieldsProps {
  span: FieldSpan;
  onChange: (span: FieldSpan) => void;
  fault?: string | null;
  endHint?: string | undefined;
}

/** From when until when, to the second, as the site's clock shows it. */
export function SpanFields({ span, onChange, fault, endHint }: SpanFieldsProps) {
  const t = text.value.evidence;
  return (
    <>
      <MomentField label={t.start} ms={span.startMs} onChange={(startMs) => onChange({ ...span, startMs })} />
      <MomentField label={t.end} ms={span.endMs} onChange={(endMs) => onChange({ ...span, endMs })} fault={fault} hint={endHint} />
    </>
  );
}

interface MomentFieldProps {
  label: string;
  ms: number | null;
  onChange: (ms: number | null) => void;
  fault?: string | null | undefined;
  hint?: string | undefined;
}

/** Typed as everywhere in the console, whatever language and clock the browser's own fields would show. */
function MomentField({ label, ms, onChange, fault, hint }: MomentFieldProps) {
  const words = text.value.investigate;
  // What is half typed must not be written over.
  const [typed, setTyped] = useState<string | null>(null);
  const isOdd = typed !== null && ms === null;
  return (
    <Field label={label} fault={isOdd ? words.notUnderstood : fault} hint={hint}>
      {(ids) => (
        <input
          {...ids}
          required
          autocomplete="off"
          value={typed ?? (ms === null ? "" : dateTimeOf(ms, zone.value))}
          onBlur={() => {
            if (ms !== null) setTyped(null);
          }}
          onInput={(event) => {
            setTyped(event.currentTarget.value);
            onChange(parseWhen(event.currentTarget.value, siteClock.now(), zone.value));
          }}
        />
      )}
    </Field>
  );
}

/** What is wrong with an interval; null = nothing. */
export function spanFault({ startMs, endMs }: FieldSpan): string | null {
  return startMs !== null && endMs !== null && endMs <= startMs ? text.value.evidence.endBeforeStart : null;
}

interface CameraChecksProps {
  cameras: readonly { id: string; name: string }[];
  chosen: readonly string[];
  onChange: (ids: string[]) => void;
}

/** Which cameras; one at least. */
export function CameraChecks({ cameras, chosen, onChange }: CameraChecksProps) {
  const t = text.value.evidence;
  return (
    <fieldset class="wide camera-checks">
      <legend class="field-label">{t.cameras}</legend>
      {cameras.map(({ id, name }) => (
        <label key={id} class="check">
          <input type="checkbox" checked={chosen.includes(id)} onChange={(event) => onChange(event.currentTarget.checked ? [...chosen, id] : chosen.filter((each) => each !== id))} />
          {name}
        </label>
      ))}
      {chosen.length === 0 && <small class="fault">{t.chooseCameras}</small>}
    </fieldset>
  );
}

import { useEffect, useRef, useState } from "preact/hooks";
import { text } from "../../i18n";
import { dateTimeOf } from "../../i18n/format";
import { siteClock } from "../../state/clock";
import { zone } from "../../state/site";
import { FindCamera, foundIn } from "../../ui/find";
import { Button, Field } from "../../ui/parts";
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
    <Field label={label} fault={isOdd ? words.notUnderstood : fault} hint={hint ?? words.goToHint}>
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
  /** With a button that chooses every one. */
  hasAll?: boolean;
}

/** Which cameras; one at least. That none is chosen is a fault once somebody chose, or tried to go on. */
export function CameraChecks({ cameras, chosen, onChange, hasAll = false }: CameraChecksProps) {
  const t = text.value.evidence;
  const box = useRef<HTMLFieldSetElement>(null);
  const [wanted, setWanted] = useState("");
  const [isTouched, setTouched] = useState(false);
  useEffect(() => {
    const form = box.current?.form;
    const touch = (): void => setTouched(true);
    form?.addEventListener("submit", touch);
    return () => form?.removeEventListener("submit", touch);
  }, []);
  const change = (ids: string[]): void => {
    setTouched(true);
    onChange(ids);
  };
  const found = foundIn(cameras, wanted);
  return (
    <fieldset ref={box} class="wide camera-checks">
      <legend class="field-label">{t.cameras}</legend>
      <div class="camera-tools">
        <FindCamera of={cameras.length} wanted={wanted} onFind={setWanted} />
        {hasAll && <Button onClick={() => change(cameras.map(({ id }) => id))}>{t.chooseAll}</Button>}
        <small class={chosen.length === 0 && isTouched ? "fault" : "muted"} role="status">
          {chosen.length === 0 ? t.chooseCameras : t.chosenOf(chosen.length, cameras.length)}
        </small>
      </div>
      <div class="check-list">
        {found.map(({ id, name }) => (
          <label key={id} class="check" title={name}>
            <input type="checkbox" checked={chosen.includes(id)} onChange={(event) => change(event.currentTarget.checked ? [...chosen, id] : chosen.filter((each) => each !== id))} />
            <span>{name}</span>
          </label>
        ))}
        {found.length === 0 && <span class="muted">{text.value.common.noMatch}</span>}
      </div>
    </fieldset>
  );
}

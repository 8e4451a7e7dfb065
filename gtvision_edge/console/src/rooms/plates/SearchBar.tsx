import type { Ref } from "preact";
import { useId, useRef } from "preact/hooks";
import { text } from "../../i18n";
import { siteClock } from "../../state/clock";
import { cameras, zone } from "../../state/site";
import { say } from "../../state/toasts";
import { client } from "../../state/session";
import { Button, explain, Segments } from "../../ui/parts";
import { SpanFields, spanFault } from "../evidence/SpanFields";
import { midnightOf } from "../investigate/when";
import { csvAddress, hasPurpose, lacksCharacters, type RangeName } from "./search";
import { isSearching, lacksPlate, lacksPurpose, look, search, walk, wanted } from "./store";

const RANGES: readonly RangeName[] = ["today", "week", "month", "span"];

/** The search comes first, and what it is for stands beside it, always. */
export function SearchBar({ field }: { field: Ref<HTMLInputElement> }) {
  const t = text.value.plates;
  const now = wanted.value;
  const hintId = useId();
  const fault = lacksPlate.value ? t.plateShort : lacksPurpose.value ? t.purposeShort : null;
  const purposeField = useRef<HTMLInputElement>(null);
  /** What is missing is where one goes on writing. */
  const askPurpose = (): void => {
    if (lacksPurpose.peek()) purposeField.current?.focus();
  };

  function choose(range: RangeName): void {
    if (range !== "span") void look({ range });
    else void look({ range, startMs: now.startMs ?? midnightOf(siteClock.now(), zone.value, -1), endMs: now.endMs ?? midnightOf(siteClock.now(), zone.value) });
  }

  async function download(): Promise<void> {
    lacksPlate.value = lacksCharacters(now.plate);
    lacksPurpose.value = !lacksPlate.value && !hasPurpose(now.purpose);
    askPurpose();
    if (lacksPlate.value || lacksPurpose.value) return;
    // A download shows no error and renews no session: whether it can be had is asked before.
    await client.get("/me");
    const link = document.createElement("a");
    link.href = csvAddress(now, siteClock.now(), zone.value);
    link.download = "";
    link.click();
    say(t.csvStarted);
  }

  return (
    <form
      class="plate-search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        void search();
        askPurpose();
      }}
      onKeyDown={(event) => {
        // From what is written down to what was found; from there on the arrows are the table's.
        if (event.key !== "ArrowDown" || !(event.target instanceof HTMLInputElement) || !walk(1)) return;
        event.preventDefault();
        event.target.blur();
      }}
    >
      <input
        ref={field}
        type="search"
        class="mono plate-field"
        aria-label={t.plate}
        aria-keyshortcuts="/"
        aria-describedby={hintId}
        aria-invalid={lacksPlate.value}
        placeholder={t.platePlaceholder}
        autocomplete="off"
        autocapitalize="characters"
        spellcheck={false}
        maxLength={64}
        value={now.plate}
        onInput={(event) => {
          wanted.value = { ...now, plate: event.currentTarget.value };
          lacksPlate.value = false;
        }}
      />
      <label class="purpose-field">
        <span>{t.purpose}</span>
        <input
          ref={purposeField}
          type="text"
          aria-describedby={hintId}
          aria-invalid={lacksPurpose.value}
          placeholder={t.purposePlaceholder}
          autocomplete="off"
          maxLength={500}
          value={now.purpose}
          onInput={(event) => {
            wanted.value = { ...now, purpose: event.currentTarget.value };
            if (hasPurpose(event.currentTarget.value)) lacksPurpose.value = false;
          }}
        />
      </label>
      <Button type="submit" kind="primary" icon="search" disabled={isSearching.value}>
        {t.search}
      </Button>
      <Segments label={t.range} options={RANGES.map((value) => ({ value, label: t.ranges[value] }))} value={now.range} onChange={choose} />
      <select aria-label={t.camera} value={now.camera} onChange={(event) => void look({ camera: event.currentTarget.value })}>
        <option value="">{t.everyCamera}</option>
        {(cameras.value ?? []).map((camera) => (
          <option key={camera.camera_id} value={camera.camera_id}>
            {camera.name}
          </option>
        ))}
      </select>
      {now.range === "span" && (
        <div class="form plate-span">
          <SpanFields
            span={now}
            onChange={({ startMs, endMs }) => {
              wanted.value = { ...now, startMs, endMs };
            }}
            fault={spanFault(now)}
          />
        </div>
      )}
      <small id={hintId} class={fault === null ? "faint" : "fault word-alarm"} role={fault === null ? undefined : "alert"}>
        {fault ?? t.purposeHint}
      </small>
      <span class="csv">
        <Button icon="download" onClick={() => void download().catch((error: unknown) => say(explain(error).title, { tone: "alarm" }))}>
          {t.csv}
        </Button>
      </span>
    </form>
  );
}

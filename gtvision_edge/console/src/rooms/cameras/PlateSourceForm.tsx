import { useState } from "preact/hooks";
import type { PlateSource } from "../../api/plates";
import { text } from "../../i18n";
import { client, me } from "../../state/session";
import { zone } from "../../state/site";
import { say } from "../../state/toasts";
import { Button, ErrorNote, Field, Segments } from "../../ui/parts";
import { changesOf, draftOf, type SourceDraft } from "./plateSource";

const SCALES = ["auto", "100", "255"] as const;
const TRUSTS = ["secret_path", "authenticated", "signed"] as const;

export function PlateSourceForm({ path, source, onSaved }: { path: string; source: PlateSource; onSaved: (saved: PlateSource) => void }) {
  const t = text.value.plateSource;
  // What is asked for again meanwhile takes nothing of what is typed away.
  const [opened] = useState(source);
  const [draft, setDraft] = useState<SourceDraft>(() => draftOf(source));
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const isOfSite = me.value?.tenant_id === null && me.value.camera_ids === null;
  const change = (parts: Partial<SourceDraft>): void => setDraft({ ...draft, ...parts });
  const changes = changesOf(opened, draft);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const saved = await client.patch<PlateSource>(path, changes);
      say(text.value.common.saved);
      onSaved(saved);
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  }

  return (
    <form class="push-settings" onSubmit={(event) => void submit(event)}>
      <div class="field">
        <label class="check">
          <input type="checkbox" checked={draft.pull} onChange={(event) => change({ pull: event.currentTarget.checked })} />
          {t.pull}
        </label>
        <small class="hint">{t.pullHint}</small>
      </div>
      <Field label={t.pictures} hint={isOfSite ? t.picturesHint : t.picturesOfSite}>
        {(ids) => <Lines ids={ids} name="picture_sources" disabled={!isOfSite} value={draft.pictures} onChange={(pictures) => change({ pictures })} />}
      </Field>
      <Field label={t.addresses} hint={t.addressesHint}>
        {(ids) => <Lines ids={ids} name="addresses" value={draft.addresses} onChange={(addresses) => change({ addresses })} />}
      </Field>
      <div class="field">
        <span class="field-label">{t.scale}</span>
        <Segments label={t.scale} options={SCALES.map((value) => ({ value, label: t.scales[value] }))} value={draft.scale} onChange={(scale) => change({ scale })} />
      </div>
      <Field label={t.trust}>
        {(ids) => (
          <select {...ids} value={draft.trust} onChange={(event) => change({ trust: event.currentTarget.value as SourceDraft["trust"] })}>
            {TRUSTS.map((value) => (
              <option key={value} value={value}>
                {t.trusts[value]}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={t.zone} hint={t.zoneHint}>
        {(ids) => <input {...ids} class="mono" autocomplete="off" spellcheck={false} maxLength={64} placeholder={zone.value} value={draft.zone} onInput={(event) => change({ zone: event.currentTarget.value })} />}
      </Field>
      <Field label={t.directions} hint={t.directionsHint}>
        {(ids) => <Lines ids={ids} name="directions" value={draft.directions} onChange={(directions) => change({ directions })} />}
      </Field>
      <ErrorNote error={error} />
      <div class="ways-left">
        <Button type="submit" kind="primary" disabled={isBusy || Object.keys(changes).length === 0}>
          {text.value.common.save}
        </Button>
      </div>
    </form>
  );
}

interface LinesProps {
  ids: { id: string; "aria-describedby": string | undefined; "aria-invalid": boolean };
  name: string;
  disabled?: boolean;
  value: string;
  onChange: (value: string) => void;
}

function Lines({ ids, name, disabled = false, value, onChange }: LinesProps) {
  return <textarea {...ids} name={name} class="mono" rows={2} spellcheck={false} autocapitalize="none" disabled={disabled} value={value} onInput={(event) => onChange(event.currentTarget.value)} />;
}

import { useState } from "preact/hooks";
import type { AlertLevel, Watch, WatchBody } from "../../api/plates";
import { text } from "../../i18n";
import { client } from "../../state/session";
import { zone } from "../../state/site";
import { say } from "../../state/toasts";
import { go, hashOf } from "../../state/route";
import { Dialog } from "../../ui/Dialog";
import { Button, ErrorNote, Field, Segments } from "../../ui/parts";
import { searched } from "../../ui/plate";
import { chosenTenant, useTenants } from "../cameras/tenants";
import { fieldOf, wallOfField } from "../evidence/sizes";
import { midnightOf, momentOf, wallOf } from "../investigate/when";
import { look } from "./store";

const LEVELS: readonly AlertLevel[] = ["info", "warning", "critical"];

interface WatchFormProps {
  /** null = a new entry. */
  watch: Watch | null;
  plate?: string;
  tenantId?: string;
  onSaved: () => void;
  onClose: () => void;
}

/** An entry of the watchlist: whom to look for, why, how urgent, until when. */
export function WatchForm({ watch, plate: given = "", tenantId = "", onSaved, onClose }: WatchFormProps) {
  const t = text.value.plates;
  const tenants = useTenants();
  const before = { plate: watch?.placa ?? given, reason: watch?.reason ?? "", level: watch?.level ?? "warning", day: dayOf(watch?.expires_at ?? null), tenant: tenantId };
  const [form, setForm] = useState(before);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const change = (some: Partial<typeof form>): void => setForm({ ...form, ...some });

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setError(null);
    const tenant = chosenTenant(form.tenant, tenants);
    const body: WatchBody = { placa: form.plate, reason: form.reason.trim(), level: form.level, expires_at: endOf(form.day, watch, before.day), ...(tenant && { tenant_id: tenant }) };
    try {
      if (watch === null) {
        const made = await client.post<Watch>("/watchlist", body);
        say(t.watch.added(made.placa), { action: { words: t.watch.seePast, run: () => seePast(made) } });
      } else {
        const { reason, level, expires_at } = body;
        await client.patch<Watch>(`/watchlist/${encodeURIComponent(watch.watch_id)}`, { reason, level, expires_at });
        say(text.value.common.saved);
      }
      onSaved();
      onClose();
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  }

  return (
    <Dialog title={watch === null ? t.watch.addTitle : t.watch.editTitle(watch.placa)} shape="drawer" onClose={onClose} hasWork={() => JSON.stringify(form) !== JSON.stringify(before)}>
      <form class="drawer-form" onSubmit={(event) => void submit(event)}>
        <div class="dialog-body">
          {watch === null && (
            <Field label={t.plate} hint={t.watch.plateHint}>
              {(ids) => <input {...ids} class="mono" required autocomplete="off" autocapitalize="characters" spellcheck={false} maxLength={12} value={form.plate} onInput={(event) => change({ plate: searched(event.currentTarget.value).replace(/[?*]/g, "") })} />}
            </Field>
          )}
          <Field label={t.reason} hint={t.watch.reasonHint}>
            {(ids) => <textarea {...ids} required minLength={5} maxLength={500} rows={3} value={form.reason} onInput={(event) => change({ reason: event.currentTarget.value })} />}
          </Field>
          <div class="field">
            <span class="field-label">{t.watch.level}</span>
            <Segments label={t.watch.level} options={LEVELS.map((value) => ({ value, label: t.watch.levels[value] ?? value }))} value={form.level} onChange={(level) => change({ level })} />
            <small class="hint">{t.watch.levelHints[form.level]}</small>
          </div>
          <Field label={t.watch.expires} hint={t.watch.expiresHint}>
            {(ids) => <input {...ids} type="date" value={form.day} onInput={(event) => change({ day: event.currentTarget.value })} />}
          </Field>
          {watch === null && tenants.length > 1 && tenantId === "" && (
            <Field label={t.watch.tenant}>
              {(ids) => (
                <select {...ids} value={chosenTenant(form.tenant, tenants)} onChange={(event) => change({ tenant: event.currentTarget.value })}>
                  {tenants.map((tenant) => (
                    <option key={tenant.tenant_id} value={tenant.tenant_id}>
                      {tenant.name}
                    </option>
                  ))}
                </select>
              )}
            </Field>
          )}
          <ErrorNote error={error} />
        </div>
        <footer>
          <Button onClick={onClose}>{text.value.common.cancel}</Button>
          <Button type="submit" kind="primary" disabled={isBusy}>
            {text.value.common.save}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

/** The past of a plate that was just listed, searched for with the reason it was listed for. */
function seePast(watch: Watch): void {
  go(hashOf("plates"));
  void look({ plate: watch.placa, purpose: watch.reason, range: "month", camera: "" });
}

/** The last day on which it alerts, in the site's zone; "" = no end. */
function dayOf(expires: string | null): string {
  return expires === null ? "" : fieldOf(wallOf(Date.parse(expires) - 1, zone.value)).slice(0, 10);
}

/** The midnight after *day*; a day that was left as it was keeps its moment. */
function endOf(day: string, watch: Watch | null, before: string): string | null {
  if (watch !== null && day === before) return watch.expires_at;
  const wall = wallOfField(`${day}T00:00`);
  return wall === null ? null : new Date(midnightOf(momentOf(wall, zone.value), zone.value, 1)).toISOString();
}

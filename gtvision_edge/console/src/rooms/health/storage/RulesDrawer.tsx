import { Fragment } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Policies, PoliciesBody, StorageReport, WouldGo } from "../../../api/evidence";
import type { Tenant } from "../../../api/types";
import { text } from "../../../i18n";
import { bytesOf, dateTimeOf } from "../../../i18n/format";
import { may } from "../../../state/permissions";
import { client, me } from "../../../state/session";
import { zone } from "../../../state/site";
import { say } from "../../../state/toasts";
import { Dialog } from "../../../ui/Dialog";
import { tenantName } from "../../cameras/tenants";
import { Button, ErrorNote, Field, Note, Skeleton } from "../../../ui/parts";
import { changesNothing, changesOf, draftOf, parseDays, parseQuota, sumOf, type Draft } from "./rules";

/** It may look at every file there is. */
const DRY_RUN_MS = 60_000;

interface RulesDrawerProps {
  report: StorageReport;
  onSaved: () => void;
  onClose: () => void;
}

/** Days and quotas: typed, then tried out, and only then saved. */
export function RulesDrawer({ report, onSaved, onClose }: RulesDrawerProps) {
  const t = text.value.storage;
  const [before, setBefore] = useState<{ policies: Policies; draft: Draft } | null>(null);
  const [draft, setDraft] = useState<Draft | null>(null);
  const [tried, setTried] = useState<{ body: PoliciesBody; outcome: Policies } | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    client.get<Policies>("/storage/policies").then((policies) => {
      const made = draftOf(policies, report.tenants.map((each) => each.tenant_id), report.cameras.map((each) => each.camera_uuid));
      setBefore({ policies, draft: made });
      setDraft(made);
    }, setError);
  }, []);
  const body = before === null || draft === null ? null : changesOf(before.draft, draft);

  async function send(isDry: boolean, wanted: PoliciesBody): Promise<void> {
    setBusy(true);
    setError(null);
    try {
      const outcome = await client.put<Policies>(`/storage/policies${isDry ? "?dry_run=1" : ""}`, wanted, { timeoutMs: DRY_RUN_MS });
      if (isDry) setTried({ body: wanted, outcome });
      else {
        say(t.saved);
        onSaved();
      }
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Dialog title={tried === null ? t.editTitle : t.previewTitle} onClose={onClose} shape="drawer" hasWork={() => body === null || !changesNothing(body)}>
      <form
        class="drawer-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (tried !== null) void send(false, tried.body);
          else if (body !== null && !changesNothing(body)) void send(true, body);
        }}
      >
        <div class="dialog-body">
          {before === null && error === null && <Skeleton rows={4} />}
          {before !== null && draft !== null && tried === null && (
            <>
              <p class="muted">{t.editNote}</p>
              <Fields report={report} policies={before.policies} draft={draft} onChange={setDraft} />
            </>
          )}
          {tried !== null && <Outcome outcome={tried.outcome} />}
          <ErrorNote error={error} />
        </div>
        <footer>
          {tried === null ? (
            <>
              <Button onClick={onClose}>{text.value.common.cancel}</Button>
              <Button type="submit" kind="primary" disabled={isBusy || body === null || changesNothing(body)}>
                {isBusy ? t.previewing : t.preview}
              </Button>
            </>
          ) : (
            <>
              <Button onClick={onClose}>{text.value.common.cancel}</Button>
              <Button onClick={() => setTried(null)}>{t.back}</Button>
              <Button type="submit" kind={deletes(tried.outcome) ? "danger" : "primary"} disabled={isBusy}>
                {deletes(tried.outcome) ? t.saveAndDelete : t.save}
              </Button>
            </>
          )}
        </footer>
      </form>
    </Dialog>
  );
}

function deletes(outcome: Policies): boolean {
  return sumOf(outcome.would_delete ?? []).segments > 0 || (outcome.over_quota ?? []).some((each) => each.bytes > 0);
}

function Fields({ report, policies, draft, onChange }: { report: StorageReport; policies: Policies; draft: Draft; onChange: (draft: Draft) => void }) {
  const t = text.value.storage;
  const nameOf = useTenantNames();
  const siteDays = parseDays(draft.site) ?? policies.site.default_days;
  const tenantDays = (id: string | null): number => parseDays(draft.tenants.get(id ?? "")?.days ?? "") ?? siteDays;
  return (
    <>
      <DaysField label={t.siteDays} hint={t.siteDefault(t.days(policies.site.default_days))} value={draft.site} onChange={(site) => onChange({ ...draft, site })} />
      <h2>{t.byTenant}</h2>
      {report.tenants.map(({ tenant_id: id }) => {
        const rule = draft.tenants.get(id) ?? { days: "", quota: "" };
        const put = (changed: Partial<typeof rule>): void => onChange({ ...draft, tenants: new Map([...draft.tenants, [id, { ...rule, ...changed }]]) });
        return (
          <fieldset key={id} class="rule" data-tenant={id}>
            <legend>{nameOf(id)}</legend>
            <div class="form">
              <DaysField label={t.daysField} hint={t.inherits(t.days(siteDays))} value={rule.days} onChange={(days) => put({ days })} />
              <Field label={t.quotaField} hint={t.quotaHint} fault={parseQuota(rule.quota) === undefined ? t.badQuota : null}>
                {(ids) => <input {...ids} inputMode="decimal" value={rule.quota} onInput={(event) => put({ quota: event.currentTarget.value })} />}
              </Field>
            </div>
          </fieldset>
        );
      })}
      <h2>{t.byCamera}</h2>
      <div class="form">
        {report.cameras.map((camera) => (
          <DaysField
            key={camera.camera_uuid}
            label={camera.removed ? `${camera.name} (${t.removed})` : camera.name}
            hint={t.inherits(t.days(tenantDays(camera.tenant_id)))}
            value={draft.cameras.get(camera.camera_uuid) ?? ""}
            onChange={(days) => onChange({ ...draft, cameras: new Map([...draft.cameras, [camera.camera_uuid, days]]) })}
          />
        ))}
      </div>
    </>
  );
}

function DaysField({ label, hint, value, onChange }: { label: string; hint: string; value: string; onChange: (value: string) => void }) {
  return (
    <Field label={label} hint={hint} fault={parseDays(value) === undefined ? text.value.storage.badDays : null}>
      {(ids) => <input {...ids} inputMode="numeric" value={value} onInput={(event) => onChange(event.currentTarget.value)} />}
    </Field>
  );
}

/** What the next pass would take, in whole and by camera. */
function Outcome({ outcome }: { outcome: Policies }) {
  const t = text.value.storage;
  const nameOf = useTenantNames();
  const going = (outcome.would_delete ?? []).filter((each) => each.segments > 0);
  const sum = sumOf(going);
  const over = (outcome.over_quota ?? []).filter((each) => each.bytes > 0);
  const when = (moment: string | null): string => dateTimeOf(moment, zone.value);
  const ofCamera = (each: WouldGo) => (
    <div key={each.camera_uuid} class="going">
      <b>{each.name}</b>
      <span class="muted">{t.perCamera(each.segments, bytesOf(each.bytes), when(each.start), when(each.end))}</span>
    </div>
  );
  return (
    <div class="outcome" data-outcome>
      {sum.segments === 0 && over.length === 0 && <Note tone="plain">{t.wouldDeleteNothing}</Note>}
      {sum.segments > 0 && <Note tone="warn">{t.wouldDelete(sum.segments, bytesOf(sum.bytes), when(sum.start), when(sum.end))}</Note>}
      {going.map(ofCamera)}
      {over.map((each) => {
        const excess = sumOf(each.cameras);
        return (
          <Fragment key={each.tenant_id}>
            <Note tone="warn">
              {t.overQuota(nameOf(each.tenant_id), bytesOf(each.bytes))}{" "}
              {excess.segments > 0 ? t.wouldDelete(excess.segments, bytesOf(excess.bytes), when(excess.start), when(excess.end)) : t.quotaIsHeld}
            </Note>
            {each.cameras.map(ofCamera)}
          </Fragment>
        );
      })}
      {(sum.segments > 0 || over.length > 0) && <small class="muted">{t.spared}</small>}
    </div>
  );
}

/** Their names where one may read them, else their ids. */
export function useTenantNames(): (id: string) => string {
  const [names, setNames] = useState<ReadonlyMap<string, string>>(new Map());
  useEffect(() => {
    if (!may(me.value?.role, "manageUsers")) return;
    client
      .all<Tenant>("/tenants")
      .then((tenants) => setNames(new Map(tenants.map((tenant) => [tenant.tenant_id, tenantName(tenant.name)]))))
      .catch(() => {});
  }, []);
  return (id) => names.get(id) ?? tenantName(id);
}

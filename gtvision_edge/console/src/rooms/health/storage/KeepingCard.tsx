import { Fragment } from "preact";
import { useState } from "preact/hooks";
import type { StorageReport } from "../../../api/evidence";
import { text } from "../../../i18n";
import { bytesOf, dateOf } from "../../../i18n/format";
import { may } from "../../../state/permissions";
import { me } from "../../../state/session";
import { cameras as present, zone } from "../../../state/site";
import { Button } from "../../../ui/parts";
import { OnFullLine } from "./OnFullLine";
import { readingsRows } from "./readingsKept";
import { recordedWords } from "./recorded";
import { PurgeOrderDrawer } from "./PurgeOrderDrawer";
import { RulesDrawer, useTenantNames } from "./RulesDrawer";

function isRecording(uuid: string): boolean {
  return present.value?.some((each) => each.camera_uuid === uuid && each.state.state === "recording") ?? false;
}

/** Who has how much, and for how long it is kept. */
export function KeepingCard({ report, onChanged }: { report: StorageReport; onChanged: () => void }) {
  const t = text.value.storage;
  const [isEditing, setEditing] = useState(false);
  const [isPurging, setPurging] = useState(false);
  const nameOf = useTenantNames();
  // The rules are the site's: an administrator of one tenant reads them.
  const isOfSite = me.value?.tenant_id === null;
  const mayEdit = may(me.value?.role, "editStorage") && isOfSite;
  const cameras = [...report.cameras].sort((one, other) => other.bytes - one.bytes);
  return (
    <section class="card keeping">
      <header class="card-head">
        <h2>{t.title}</h2>
        <span class="grow" />
        {may(me.value?.role, "editStorage") && report.cameras.length > 0 && <Button onClick={() => setPurging(true)}>{text.value.purging.open}</Button>}
        {mayEdit && <Button onClick={() => setEditing(true)}>{t.edit}</Button>}
      </header>
      {cameras.length === 0 && <p class="muted">{text.value.top.noCameras}</p>}
      <table class="cards" hidden={cameras.length === 0}>
        <thead>
          <tr>
            <th>{t.camera}</th>
            <th>{t.size}</th>
            <th>{t.held}</th>
            <th class="wide-only">{t.from}</th>
            <th>{t.keeps}</th>
          </tr>
        </thead>
        <tbody>
          {cameras.map((camera) => (
            <tr key={camera.camera_uuid}>
              <td>
                {camera.name} {camera.removed && <span class="faint">({t.removed})</span>}
              </td>
              <td>{recordedWords(camera.bytes, isRecording(camera.camera_uuid))}</td>
              <td class="muted">{camera.held_bytes === 0 ? "—" : bytesOf(camera.held_bytes)}</td>
              <td class="wide-only muted">{dateOf(camera.first, zone.value)}</td>
              <td>
                {t.days(camera.retain_days)} <small class="faint">{t.rules[camera.rule]}</small>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {report.tenants.length > 0 && (
        <>
          <h2>{t.byTenant}</h2>
          {report.tenants.map((tenant) => (
            <div key={tenant.tenant_id} class="tenant-line">
              <b>{nameOf(tenant.tenant_id)}</b>
              <span>{tenant.quota_bytes === null ? `${bytesOf(tenant.bytes)} · ${t.noQuota}` : t.quotaOf(bytesOf(tenant.bytes), bytesOf(tenant.quota_bytes))}</span>
              {tenant.quota_bytes !== null && (
                <div class="meter" role="meter" aria-label={nameOf(tenant.tenant_id)} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.min(100, Math.round((tenant.bytes / tenant.quota_bytes) * 100))}>
                  <i class={tenant.bytes > tenant.quota_bytes ? "warn" : ""} style={{ width: `${Math.min(100, (tenant.bytes / tenant.quota_bytes) * 100)}%` }} />
                </div>
              )}
            </div>
          ))}
        </>
      )}
      <h2>{text.value.readingsKept.title}</h2>
      <dl class="facts" data-readings-kept>
        {readingsRows(report, zone.value).map(([label, words]) => (
          <Fragment key={label}>
            <dt>{label}</dt>
            <dd>{words}</dd>
          </Fragment>
        ))}
      </dl>
      {isOfSite && <OnFullLine mayEdit={mayEdit} />}
      {isPurging && (
        <PurgeOrderDrawer
          cameras={cameras}
          onOrdered={onChanged}
          onClose={() => {
            setPurging(false);
            onChanged();
          }}
        />
      )}
      {isEditing && (
        <RulesDrawer
          report={report}
          onClose={() => setEditing(false)}
          onSaved={() => {
            setEditing(false);
            onChanged();
          }}
        />
      )}
    </section>
  );
}

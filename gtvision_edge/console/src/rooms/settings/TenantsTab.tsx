import { useEffect, useState } from "preact/hooks";
import type { Tenant } from "../../api/types";
import { text } from "../../i18n";
import { dateTimeOf } from "../../i18n/format";
import { client } from "../../state/session";
import { zone } from "../../state/site";
import { say } from "../../state/toasts";
import { Dialog } from "../../ui/Dialog";
import { tenantName } from "../cameras/tenants";
import { Button, ErrorNote, Field, Skeleton } from "../../ui/parts";
import { identifierOf } from "./changes";

export function TenantsTab() {
  const t = text.value.settings;
  const [tenants, setTenants] = useState<Tenant[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [editing, setEditing] = useState<Tenant | "new" | null>(null);

  async function load(): Promise<void> {
    setError(null);
    try {
      setTenants(await client.all<Tenant>("/tenants"));
    } catch (failure) {
      setError(failure);
    }
  }
  useEffect(() => void load(), []);

  return (
    <div class="stack">
      <div>
        <Button kind="primary" icon="plus" onClick={() => setEditing("new")}>
          {t.addTenant}
        </Button>
      </div>
      <ErrorNote error={error} action={<Button onClick={() => void load()}>{text.value.common.retry}</Button>} />
      {tenants === null && error === null && <Skeleton rows={2} />}
      {tenants !== null && (
        <table>
          <thead>
            <tr>
              <th>{text.value.common.name}</th>
              <th>{text.value.cameras.id}</th>
              <th class="wide-only">{t.when}</th>
              <th>
                <span class="hidden-words">{text.value.common.edit}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {tenants.map((tenant) => (
              <tr key={tenant.tenant_id}>
                <td>{tenantName(tenant.name)}</td>
                <td class="mono">{tenant.tenant_id}</td>
                <td class="wide-only muted">{dateTimeOf(tenant.created_at, zone.value)}</td>
                <td class="row-actions">
                  <Button kind="ghost" onClick={() => setEditing(tenant)}>
                    {text.value.common.rename}
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {editing !== null && (
        <TenantForm
          tenant={editing === "new" ? null : editing}
          onClose={() => setEditing(null)}
          onSaved={() => {
            setEditing(null);
            say(text.value.common.saved);
            void load();
          }}
        />
      )}
    </div>
  );
}

function TenantForm({ tenant, onClose, onSaved }: { tenant: Tenant | null; onClose: () => void; onSaved: () => void }) {
  const t = text.value.settings;
  const [name, setName] = useState(tenant?.name ?? "");
  const [typedId, setTypedId] = useState<string | null>(null);
  const tenantId = typedId ?? identifierOf(name);
  const [error, setError] = useState<unknown>(null);
  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    setError(null);
    try {
      if (tenant === null) await client.post("/tenants", { tenant_id: tenantId.trim(), name: name.trim() });
      else await client.patch(`/tenants/${encodeURIComponent(tenant.tenant_id)}`, { name: name.trim() });
      onSaved();
    } catch (failure) {
      setError(failure);
    }
  }
  return (
    <Dialog title={tenant === null ? t.addTenant : t.editTenant} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <div class="dialog-body">
          <Field label={text.value.common.name}>
            {(ids) => <input {...ids} autofocus required maxLength={120} value={name} onInput={(event) => setName(event.currentTarget.value)} />}
          </Field>
          {tenant === null && (
            <Field label={text.value.cameras.id} hint={t.tenantIdHint}>
              {(ids) => <input {...ids} required maxLength={40} pattern="[a-z0-9][a-z0-9\-]*" data-fault={t.tenantIdHint} autocapitalize="none" value={tenantId} onInput={(event) => setTypedId(event.currentTarget.value)} />}
            </Field>
          )}
          <ErrorNote error={error} />
        </div>
        <footer>
          <Button onClick={onClose}>{text.value.common.cancel}</Button>
          <Button type="submit" kind="primary">
            {text.value.common.save}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

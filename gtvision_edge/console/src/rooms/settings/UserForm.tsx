import { useState } from "preact/hooks";
import type { Role, Tenant, User, UserBody } from "../../api/types";
import { text } from "../../i18n";
import { client } from "../../state/session";
import { cameras } from "../../state/site";
import { Dialog } from "../../ui/Dialog";
import { tenantName } from "../cameras/tenants";
import { Button, ErrorNote, Field } from "../../ui/parts";
import { changedFields } from "./changes";

const ROLES: readonly Role[] = ["admin", "operator", "viewer", "auditor"];
const EVERY_TENANT = "";

interface UserFormProps {
  user: User | null;
  tenants: readonly Tenant[];
  onClose: () => void;
  onSaved: () => void;
}

export function UserForm({ user, tenants, onClose, onSaved }: UserFormProps) {
  const t = text.value.settings;
  const [name, setName] = useState(user?.name ?? "");
  const [username, setUsername] = useState(user?.username ?? "");
  const [password, setPassword] = useState("");
  const [role, setRole] = useState<Role>(user?.role ?? "operator");
  const [tenantId, setTenantId] = useState(user ? (user.tenant_id ?? EVERY_TENANT) : (tenants[0]?.tenant_id ?? EVERY_TENANT));
  const [cameraIds, setCameraIds] = useState<readonly string[] | null>(user?.camera_ids ?? null);
  const [isEnabled, setEnabled] = useState(user?.enabled ?? true);
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setError(null);
    const body: UserBody = {
      name: name.trim(),
      username: username.trim(),
      role,
      tenant_id: tenantId === EVERY_TENANT ? null : tenantId,
      camera_ids: cameraIds === null ? null : [...cameraIds],
      enabled: isEnabled,
    };
    if (password !== "") Object.assign(body, { password, must_change_password: true });
    try {
      if (user === null) await client.post("/users", body);
      else await client.patch(`/users/${encodeURIComponent(user.user_id)}`, changedFields(user, body));
      onSaved();
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  }

  return (
    <Dialog title={user === null ? t.addUser : t.editUser} shape="drawer" onClose={onClose} hasWork={() => !isBusy && (name !== (user?.name ?? "") || username !== (user?.username ?? "") || password !== "")}>
      <form class="drawer-form" onSubmit={(event) => void submit(event)}>
        <div class="dialog-body">
          <div class="form">
            <Field label={text.value.common.name}>
              {(ids) => <input {...ids} required maxLength={120} value={name} onInput={(event) => setName(event.currentTarget.value)} />}
            </Field>
            <Field label={t.username} hint={t.usernameHint}>
              {(ids) => (
                <input {...ids} required maxLength={64} pattern="[A-Za-z0-9][A-Za-z0-9._@+\-]*" data-fault={t.usernameFault} autocapitalize="none" autocomplete="off" value={username} onInput={(event) => setUsername(event.currentTarget.value)} />
              )}
            </Field>
            <Field
              label={user === null ? t.firstPassword : t.resetPassword}
              hint={user === null ? t.firstPasswordHint : `${t.resetHint}. ${t.firstPasswordHint}`}
              wide
            >
              {(ids) => (
                <input {...ids} type="password" autocomplete="new-password" required={user === null} minLength={10} value={password} onInput={(event) => setPassword(event.currentTarget.value)} />
              )}
            </Field>
            <Field label={t.role} hint={t.roleHints[role]}>
              {(ids) => (
                <select {...ids} value={role} onChange={(event) => setRole(event.currentTarget.value as Role)}>
                  {ROLES.map((each) => (
                    <option key={each} value={each}>
                      {t.roles[each]}
                    </option>
                  ))}
                </select>
              )}
            </Field>
            <Field label={t.tenant}>
              {(ids) => (
                <select {...ids} value={tenantId} onChange={(event) => setTenantId(event.currentTarget.value)}>
                  <option value={EVERY_TENANT}>{t.everyTenant}</option>
                  {tenants.map((tenant) => (
                    <option key={tenant.tenant_id} value={tenant.tenant_id}>
                      {tenantName(tenant.name)}
                    </option>
                  ))}
                </select>
              )}
            </Field>
          </div>
          <CameraChoice tenantId={tenantId} chosen={cameraIds} onChange={setCameraIds} />
          <label class="check">
            <input type="checkbox" checked={isEnabled} onChange={(event) => setEnabled(event.currentTarget.checked)} />
            {t.enabled}
          </label>
          <ErrorNote error={error} />
        </div>
        <footer>
          <Button onClick={onClose}>{text.value.common.cancel}</Button>
          <Button type="submit" kind="primary" disabled={isBusy}>
            {isBusy ? text.value.common.saving : text.value.common.save}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

interface CameraChoiceProps {
  tenantId: string;
  chosen: readonly string[] | null;
  onChange: (chosen: readonly string[] | null) => void;
}

function CameraChoice({ tenantId, chosen, onChange }: CameraChoiceProps) {
  const t = text.value.settings;
  const offered = (cameras.value ?? []).filter((camera) => tenantId === EVERY_TENANT || camera.tenant_id === tenantId);
  return (
    <fieldset class="camera-choice">
      <legend class="field-label">{t.cameras}</legend>
      <label class="check">
        <input type="radio" name="cameras" checked={chosen === null} onChange={() => onChange(null)} />
        {t.allCameras}
      </label>
      <label class="check">
        <input type="radio" name="cameras" checked={chosen !== null} onChange={() => onChange(chosen ?? [])} />
        {t.onlyThese}
      </label>
      {chosen !== null && (
        <div class="camera-boxes">
          {offered.map((camera) => (
            <label key={camera.camera_id} class="check">
              <input
                type="checkbox"
                checked={chosen.includes(camera.camera_id)}
                onChange={(event) =>
                  onChange(
                    event.currentTarget.checked
                      ? [...chosen, camera.camera_id]
                      : chosen.filter((id) => id !== camera.camera_id),
                  )
                }
              />
              {camera.name}
            </label>
          ))}
        </div>
      )}
    </fieldset>
  );
}

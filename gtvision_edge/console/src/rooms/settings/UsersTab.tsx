import { useEffect, useState } from "preact/hooks";
import type { Tenant, User } from "../../api/types";
import { text } from "../../i18n";
import { client, me } from "../../state/session";
import { say } from "../../state/toasts";
import { Confirm } from "../../ui/Dialog";
import { tenantName } from "../cameras/tenants";
import { Button, ErrorNote, Skeleton } from "../../ui/parts";
import { UserForm } from "./UserForm";

export function UsersTab() {
  const t = text.value.settings;
  const [users, setUsers] = useState<User[] | null>(null);
  const [tenants, setTenants] = useState<Tenant[]>([]);
  const [error, setError] = useState<unknown>(null);
  const [editing, setEditing] = useState<User | "new" | null>(null);
  const [removing, setRemoving] = useState<User | null>(null);

  async function load(): Promise<void> {
    setError(null);
    try {
      setUsers(await client.all<User>("/users"));
      setTenants(await client.all<Tenant>("/tenants"));
    } catch (failure) {
      setError(failure);
    }
  }
  useEffect(() => void load(), []);

  async function remove(user: User): Promise<void> {
    try {
      await client.delete(`/users/${encodeURIComponent(user.user_id)}`);
      setRemoving(null);
      await load();
    } catch (failure) {
      setRemoving(null);
      setError(failure);
    }
  }

  const tenantOf = (user: User): string =>
    user.tenant_id === null ? t.everyTenant : tenantName(tenants.find((tenant) => tenant.tenant_id === user.tenant_id)?.name ?? user.tenant_id);
  return (
    <div class="stack">
      <div>
        <Button kind="primary" icon="plus" onClick={() => setEditing("new")}>
          {t.addUser}
        </Button>
      </div>
      <ErrorNote error={error} action={<Button onClick={() => void load()}>{text.value.common.retry}</Button>} />
      {users === null && error === null && <Skeleton rows={3} />}
      {users !== null && (
        <table class="cards">
          <thead>
            <tr>
              <th>{text.value.common.name}</th>
              <th>{t.username}</th>
              <th>{t.role}</th>
              <th class="wide-only">{t.tenant}</th>
              <th class="wide-only">{t.cameras}</th>
              <th>
                <span class="hidden-words">{text.value.common.edit}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {users.map((user) => (
              <tr key={user.user_id} class={user.enabled ? "" : "faint"}>
                <td>
                  {user.name || user.username}
                  {user.user_id === me.value?.user_id && <span class="faint"> ({t.you})</span>}
                  {!user.enabled && <span> · {t.disabled}</span>}
                </td>
                <td class="mono">{user.username}</td>
                <td>{t.roles[user.role]}</td>
                <td class="wide-only">{tenantOf(user)}</td>
                <td class="wide-only">{user.camera_ids === null ? text.value.common.all : user.camera_ids.length}</td>
                <td class="row-actions">
                  <Button kind="ghost" onClick={() => setEditing(user)}>
                    {text.value.common.edit}
                  </Button>
                  <Button kind="ghost" disabled={user.user_id === me.value?.user_id} onClick={() => setRemoving(user)}>
                    {text.value.common.remove}
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {editing !== null && (
        <UserForm
          user={editing === "new" ? null : editing}
          tenants={tenants}
          onClose={() => setEditing(null)}
          onSaved={() => {
            setEditing(null);
            say(text.value.common.saved);
            void load();
          }}
        />
      )}
      {removing !== null && (
        <Confirm
          title={t.removeUser(removing.name || removing.username)}
          body={t.removeUserBody(removing.name || removing.username)}
          action={t.removeUserConfirm}
          onConfirm={() => void remove(removing)}
          onClose={() => setRemoving(null)}
        />
      )}
    </div>
  );
}

import { useEffect, useState } from "preact/hooks";
import type { AuditEntry, Mosaic, Tenant, User } from "../../api/types";
import { may } from "../../state/permissions";
import { client, me } from "../../state/session";
import { cameras } from "../../state/site";

/** What an entry is about, by name where it is still known, else as the log has it. */
export function useSubjects(): (entry: AuditEntry) => string {
  const [names, setNames] = useState<ReadonlyMap<string, string>>(new Map());
  useEffect(() => {
    if (!may(me.value?.role, "manageUsers")) return;
    void Promise.allSettled([
      client.all<User>("/users").then((users) => users.map((user): [string, string] => [user.user_id, user.name || user.username])),
      client.all<Tenant>("/tenants").then((tenants) => tenants.map((tenant): [string, string] => [tenant.tenant_id, tenant.name])),
      client.all<Mosaic>("/mosaics").then((mosaics) => mosaics.map((mosaic): [string, string] => [mosaic.mosaic_id, mosaic.nome])),
    ]).then((lists) => setNames(new Map(lists.flatMap((list) => (list.status === "fulfilled" ? list.value : [])))));
  }, []);
  return ({ subject }) => {
    // The log writes "kind:id".
    const id = subject.slice(subject.indexOf(":") + 1);
    const camera = (cameras.value ?? []).find((each) => each.camera_id === id || each.camera_uuid === id);
    return camera?.name ?? names.get(id) ?? subject;
  };
}

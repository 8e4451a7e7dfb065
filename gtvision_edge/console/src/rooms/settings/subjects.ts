import { tenantName } from "../cameras/tenants";
import { useEffect, useState } from "preact/hooks";
import type { AuditEntry, Mosaic, Tenant, User } from "../../api/types";
import { text } from "../../i18n";
import { may } from "../../state/permissions";
import { client, me } from "../../state/session";
import { cameras } from "../../state/site";

/** A rule is told by whose it is, anything else by the end of its id, which is what tells two of them apart. */
function shortOf(kind: string, rest: readonly string[]): string {
  if (kind === "policy") {
    const t = text.value.storage;
    const scopes: Record<string, string> = { site: t.site, tenant: t.tenant, camera: t.camera, on_full: text.value.purging.onFull };
    return `(${scopes[rest[0] ?? ""] ?? rest[0] ?? ""})`;
  }
  const id = rest.join(":");
  return id.length > 12 ? `…${id.slice(-8)}` : id;
}

/** What an entry is about, by name where it is still known, else as the log has it. */
export function useSubjects(): (entry: AuditEntry) => string {
  const [names, setNames] = useState<ReadonlyMap<string, string>>(new Map());
  useEffect(() => {
    if (!may(me.value?.role, "manageUsers")) return;
    void Promise.allSettled([
      client.all<User>("/users").then((users) => users.map((user): [string, string] => [user.user_id, user.name || user.username])),
      client.all<Tenant>("/tenants").then((tenants) => tenants.map((tenant): [string, string] => [tenant.tenant_id, tenantName(tenant.name)])),
      client.all<Mosaic>("/mosaics").then((mosaics) => mosaics.map((mosaic): [string, string] => [mosaic.mosaic_id, mosaic.nome])),
    ]).then((lists) => setNames(new Map(lists.flatMap((list) => (list.status === "fulfilled" ? list.value : [])))));
  }, []);
  return ({ subject }) => {
    // The log writes "kind:id".
    const [kind = "", ...rest] = subject.split(":");
    const id = rest.join(":");
    const camera = (cameras.value ?? []).find((each) => each.camera_id === id || each.camera_uuid === id);
    const known = camera?.name ?? names.get(id);
    if (known !== undefined) return known;
    const word = text.value.settings.subjects[kind];
    return word === undefined ? subject : `${word} ${shortOf(kind, rest)}`.trim();
  };
}

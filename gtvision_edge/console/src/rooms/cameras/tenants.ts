import { useEffect, useState } from "preact/hooks";
import type { Tenant } from "../../api/types";
import { may } from "../../state/permissions";
import { text } from "../../i18n";
import { client, me } from "../../state/session";

/** The organisations to choose from; empty for who belongs to one and has no choice. */
export function useTenants(): Tenant[] {
  const [tenants, setTenants] = useState<Tenant[]>([]);
  useEffect(() => {
    if (!may(me.value?.role, "manageUsers") || me.value?.tenant_id) return;
    void client
      .all<Tenant>("/tenants")
      .then(setTenants)
      .catch(() => {});
  }, []);
  return tenants;
}

/** The organisation that a form shows as chosen and that it sends: one and the same. '' where there is no choice. */
export function chosenTenant(chosen: string, tenants: readonly Tenant[]): string {
  if (chosen || tenants.length < 2) return chosen;
  return (tenants.find((tenant) => tenant.tenant_id === "default") ?? tenants[0])?.tenant_id ?? "";
}

/** The name of an organisation as people read it: the first one that every site has was never named by anybody. */
export function tenantName(name: string): string {
  return name === "default" ? text.value.alerting.defaultTenant : name;
}

import "./settings.css";
import { text } from "../../i18n";
import { may } from "../../state/permissions";
import { go, hashOf, route } from "../../state/route";
import { me } from "../../state/session";
import { Segments } from "../../ui/parts";
import { AuditTab } from "./AuditTab";
import { MyAccount } from "./MyAccount";
import { NoticesTab } from "./NoticesTab";
import { TenantsTab } from "./TenantsTab";
import { UsersTab } from "./UsersTab";

type Tab = "me" | "notices" | "users" | "tenants" | "audit";

export function SettingsRoom() {
  const t = text.value.settings;
  const role = me.value?.role;
  const tabs: Tab[] = ["me", "notices"];
  if (may(role, "manageUsers")) tabs.push("users", "tenants");
  if (may(role, "seeAudit")) tabs.push("audit");
  const tab = tabs.find((each) => each === route.value.detail) ?? "me";
  return (
    <>
      <div class="room-bar">
        <h1>{t.title}</h1>
        <Segments
          label={t.title}
          options={tabs.map((value) => ({ value, label: value === "notices" ? text.value.notices.tab : t[value] }))}
          value={tab}
          onChange={(value) => go(hashOf("settings", value))}
        />
      </div>
      <div class="room-body pad" tabIndex={0}>
        {tab === "me" && <MyAccount />}
        {tab === "notices" && <NoticesTab />}
        {tab === "users" && <UsersTab />}
        {tab === "tenants" && <TenantsTab />}
        {tab === "audit" && <AuditTab />}
      </div>
    </>
  );
}

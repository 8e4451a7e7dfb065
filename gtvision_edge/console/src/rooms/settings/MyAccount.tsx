import type { Me } from "../../api/types";
import { PasswordForm } from "../../app/PasswordForm";
import { locale, text, type Locale } from "../../i18n";
import { chooseTheme, theme } from "../../state/preferences";
import { client, me, signOut, welcome } from "../../state/session";
import { say } from "../../state/toasts";
import { tenantName } from "../cameras/tenants";
import { Button, explain, Segments } from "../../ui/parts";

export function MyAccount() {
  const t = text.value.settings;
  const user = me.value;
  if (user === null) return null;
  return (
    <div class="my-account">
      <section class="card">
        <h2>{user.name || user.username}</h2>
        <dl class="facts">
          <dt>{t.username}</dt>
          <dd>{user.username}</dd>
          <dt>{t.role}</dt>
          <dd>
            {t.roles[user.role]} <span class="faint">· {t.roleHints[user.role]}</span>
          </dd>
          <dt>{t.tenant}</dt>
          <dd>{user.tenant_id === null ? t.everyTenant : tenantName(user.tenant_name ?? user.tenant_id)}</dd>
        </dl>
        <div class="choice">
          <span class="field-label">{t.language}</span>
          <Segments
            label={t.language}
            options={(Object.keys(text.value.languages) as Locale[]).map((value) => ({ value, label: text.value.languages[value] }))}
            value={locale.value}
            onChange={(value) => void changeLocale(value)}
          />
        </div>
        <div class="choice">
          <span class="field-label">{t.theme}</span>
          <Segments
            label={t.theme}
            options={[
              { value: "dark", label: t.dark },
              { value: "light", label: t.light },
            ]}
            value={theme.value}
            onChange={chooseTheme}
          />
        </div>
        <div>
          <Button onClick={() => void signOut()}>{t.signOut}</Button>
        </div>
      </section>
      <section class="card">
        <h2>{text.value.password.title}</h2>
        <PasswordForm />
      </section>
    </div>
  );
}

/** At once on this screen, and with the account for the next one. */
async function changeLocale(value: Locale): Promise<void> {
  locale.value = value;
  try {
    welcome(await client.patch<Me>("/me", { locale: value }));
  } catch (error) {
    say(explain(error).title, { tone: "alarm" });
  }
}

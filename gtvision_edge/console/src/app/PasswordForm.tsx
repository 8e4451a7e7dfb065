import { useState } from "preact/hooks";
import { text } from "../i18n";
import { client, me, signOut, welcome } from "../state/session";
import { say } from "../state/toasts";
import { Button, ErrorNote, Field } from "../ui/parts";

const SHORTEST = 10;

/** Change the own password; *onDone* is called when the daemon has taken it. */
export function PasswordForm({ onDone }: { onDone?: () => void }) {
  const t = text.value.password;
  const [current, setCurrent] = useState("");
  const [wanted, setWanted] = useState("");
  const [repeated, setRepeated] = useState("");
  const [error, setError] = useState<unknown>(null);
  const [isChecked, setChecked] = useState(false);
  const isShort = wanted.length < SHORTEST;
  const differs = wanted !== repeated;

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    setChecked(true);
    if (isShort || differs) return;
    setError(null);
    try {
      await client.post("/auth/password", { current, new: wanted });
      if (me.value) welcome({ ...me.value, must_change_password: false });
      setCurrent("");
      setWanted("");
      setRepeated("");
      setChecked(false);
      say(t.done);
      onDone?.();
    } catch (failure) {
      setError(failure);
    }
  }

  return (
    <form class="login-form" onSubmit={(event) => void submit(event)}>
      <Field label={t.current}>
        {(ids) => <input {...ids} type="password" autocomplete="current-password" required value={current} onInput={(event) => setCurrent(event.currentTarget.value)} />}
      </Field>
      <Field label={t.new} fault={isChecked && isShort ? t.short(SHORTEST) : null} hint={t.short(SHORTEST)}>
        {(ids) => <input {...ids} type="password" autocomplete="new-password" required value={wanted} onInput={(event) => setWanted(event.currentTarget.value)} />}
      </Field>
      <Field label={t.repeat} fault={isChecked && differs ? t.differs : null}>
        {(ids) => <input {...ids} type="password" autocomplete="new-password" required value={repeated} onInput={(event) => setRepeated(event.currentTarget.value)} />}
      </Field>
      <ErrorNote error={error} />
      <Button type="submit" kind="primary">
        {t.title}
      </Button>
    </form>
  );
}

/** The whole page until a password that somebody else gave out is changed. */
export function MustChangePassword() {
  const t = text.value.password;
  return (
    <main class="login-page">
      <div class="card">
        <h1>{t.title}</h1>
        <p class="muted">{t.mustChange}</p>
        <PasswordForm />
        <Button kind="ghost" onClick={() => void signOut()}>
          {text.value.settings.signOut}
        </Button>
      </div>
    </main>
  );
}

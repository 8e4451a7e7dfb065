import { useState } from "preact/hooks";
import { LinkDown, Problem } from "../api/problem";
import { locale, text, type Locale } from "../i18n";
import { me, signIn } from "../state/session";
import { Dialog } from "../ui/Dialog";
import { Button, explain, Field, Note } from "../ui/parts";

export function LoginPage() {
  return (
    <main class="login-page">
      <div class="card">
        <LoginForm />
      </div>
    </main>
  );
}

/** Over the page: the session ended, the work stays. */
export function LoginOverlay() {
  const t = text.value.login;
  return (
    <Dialog title={t.again} isAlone>
      <div class="dialog-body">
        <p class="muted">{t.kept}</p>
        <LoginForm username={me.value?.username ?? ""} bare />
      </div>
    </Dialog>
  );
}

function LoginForm({ username = "", bare = false }: { username?: string; bare?: boolean }) {
  const t = text.value.login;
  const [name, setName] = useState(username);
  const [password, setPassword] = useState("");
  const [trouble, setTrouble] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setTrouble(null);
    try {
      await signIn(name.trim(), password);
    } catch (error) {
      setTrouble(wordsFor(error));
      setBusy(false);
    }
  }

  return (
    <form class="login-form" onSubmit={(event) => void submit(event)}>
      {!bare && <h1 class="brand">GT-Vision</h1>}
      <Field label={t.username}>
        {(ids) => (
          <input
            {...ids}
            name="username"
            autocomplete="username"
            autocapitalize="none"
            autofocus={username === ""}
            required
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        )}
      </Field>
      <Field label={t.password}>
        {(ids) => (
          <input
            {...ids}
            name="password"
            type="password"
            autocomplete="current-password"
            autofocus={username !== ""}
            required
            value={password}
            onInput={(event) => setPassword(event.currentTarget.value)}
          />
        )}
      </Field>
      {trouble && <Note tone="alarm">{trouble}</Note>}
      <Button type="submit" kind="primary" disabled={isBusy}>
        {isBusy ? t.busy : t.submit}
      </Button>
      <div style={{ display: "flex", alignItems: "center" }}>
        <small class="faint grow">{t.audited}</small>
        <Languages />
      </div>
    </form>
  );
}

function Languages() {
  const t = text.value;
  return (
    <span class="languages">
      {(Object.keys(t.languages) as Locale[]).map((language) => (
        <button
          key={language}
          type="button"
          lang={language}
          aria-pressed={locale.value === language}
          onClick={() => {
            locale.value = language;
          }}
        >
          {t.languages[language]}
        </button>
      ))}
    </span>
  );
}

function wordsFor(error: unknown): string {
  const t = text.value.login;
  if (error instanceof LinkDown) return t.noAnswer;
  if (error instanceof Problem && error.status === 429) return t.throttled(Number(error.facts.retry_after_s) || 30);
  const { title, cure } = explain(error);
  return cure ? `${title} ${cure}` : title;
}

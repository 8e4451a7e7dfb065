import { useState } from "preact/hooks";
import type { PushHelp } from "../../api/plates";
import { text } from "../../i18n";
import { Button, Field, Segments } from "../../ui/parts";
import { copy } from "../evidence/ExportCard";

type Vendor = "webhook" | "hikvision" | "itsapi";
const VENDORS: readonly Vendor[] = ["webhook", "hikvision", "itsapi"];

/** What to paste where, for each kind of sender. It holds the camera's secret. */
export function PushSettings({ help, onAddress }: { help: PushHelp; onAddress: (url: string) => void }) {
  const t = text.value.pushing;
  const [vendor, setVendor] = useState<Vendor>("webhook");
  const [address, setAddress] = useState(() => new URL(help.webhook.url).origin);
  return (
    <div class="push-settings">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onAddress(address.trim());
        }}
      >
        <Field label={t.boxAddress} hint={t.boxAddressHint}>
          {(ids) => (
            <span class="with-button">
              <input {...ids} class="mono" required autocomplete="off" spellcheck={false} value={address} onInput={(event) => setAddress(event.currentTarget.value)} />
              <Button type="submit">{t.apply}</Button>
            </span>
          )}
        </Field>
      </form>
      <Segments label={t.vendor} options={VENDORS.map((value) => ({ value, label: t.vendors[value] }))} value={vendor} onChange={setVendor} />
      {vendor === "webhook" && (
        <>
          <Pasted label={t.address} words={help.webhook.url} />
          <Pasted label={t.secret} words={help.secret} />
          <Pasted label={t.curl} words={help.webhook.curl} />
          <Signing webhook={help.webhook} />
        </>
      )}
      {vendor === "hikvision" && (
        <>
          <p class="muted">{t.hikvisionHint}</p>
          <Pasted label={t.address} words={help.hikvision.url} />
          <Pasted label={t.xml} words={help.hikvision.http_host_xml} />
        </>
      )}
      {vendor === "itsapi" && <Itsapi fields={help.itsapi} />}
    </div>
  );
}

/** How an integrator signs, in both ways. */
function Signing({ webhook }: { webhook: PushHelp["webhook"] }) {
  const t = text.value.signing;
  return (
    <>
      <h3>{t.title}</h3>
      <p>{t.body}</p>
      <Pasted label={t.signed} words={webhook.signed_text} />
      <p>{t.headers}</p>
      <Pasted label={t.headerForm} words={t.headerText} />
      <p class="muted">{t.fields}</p>
      <p>
        <a href="/api/v1/webhooks/lpr/vectors" target="_blank" rel="noreferrer">
          {t.vectors}
        </a>
        {" · "}
        <a href="/api/v1/openapi.json" target="_blank" rel="noreferrer">
          {t.api}
        </a>
      </p>
    </>
  );
}

function Itsapi({ fields }: { fields: PushHelp["itsapi"] }) {
  const t = text.value.pushing;
  const words = text.value.common;
  return (
    <>
      <p class="muted">{t.itsapiHint}</p>
      <Pasted label={t.fields.host} words={fields.host} />
      <Pasted label={t.fields.port} words={String(fields.port)} />
      <Pasted label={t.fields.https} words={fields.https ? words.yes : words.no} />
      <Pasted label={t.fields.user} words={fields.user} />
      <Pasted label={t.fields.password} words={fields.password} />
      <Pasted label={`${t.fields.short} (${t.shortHint})`} words={fields.short_password} />
      <Pasted label={t.fields.paths} words={fields.paths.join("\n")} />
    </>
  );
}

/** A value as it is to be pasted, and a button that takes it along. */
function Pasted({ label, words }: { label: string; words: string }) {
  const t = text.value.pushing;
  return (
    <div class="pasted">
      <span class="field-label">{label}</span>
      <Button label={`${t.copy}: ${label}`} onClick={() => void copy(words)}>
        {t.copy}
      </Button>
      <pre class="mono">{words}</pre>
    </div>
  );
}

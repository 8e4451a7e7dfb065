import type { Tenant, Vendor } from "../../api/types";
import { text } from "../../i18n";
import { Field } from "../../ui/parts";
import { LONGEST, splitTypedUrl, type CameraForm, type FieldFaults, type FieldName } from "./form";
import { chosenTenant, tenantName } from "./tenants";

export interface FormProps {
  form: CameraForm;
  faults: FieldFaults;
  change: (changes: Partial<CameraForm>) => void;
}

interface TextFieldProps extends FormProps {
  name: FieldName;
  label: string;
  hint?: string | undefined;
  wide?: boolean;
  type?: "text" | "password";
  placeholder?: string | undefined;
  isNumber?: boolean;
  autofocus?: boolean;
}

export function TextField({ form, faults, change, name, label, hint, wide, type = "text", placeholder, isNumber, autofocus }: TextFieldProps) {
  const t = text.value.wizard;
  const fault = faults[name] === undefined ? null : t.faults[faults[name]];
  return (
    <Field label={label} hint={hint} fault={fault} wide={wide ?? false}>
      {(ids) => {
        const common = {
          ...ids,
          name,
          autocapitalize: "none" as const,
          spellcheck: false,
          maxLength: LONGEST[name],
          value: String(form[name]),
          onInput: (event: { currentTarget: HTMLInputElement }) => change({ [name]: event.currentTarget.value }),
        };
        if (type === "password") return <input {...common} type="password" autocomplete="new-password" />;
        return (
          <input
            {...common}
            type="text"
            inputMode={isNumber ? "decimal" : undefined}
            autocomplete="off"
            placeholder={placeholder}
            autofocus={autofocus}
          />
        );
      }}
    </Field>
  );
}

interface AccessProps extends FormProps {
  vendors: readonly Vendor[];
  vendor: Vendor | undefined;
  hasPassword?: boolean;
}

/** Where the camera is and how to log in to it. */
export function AccessFields({ vendors, vendor, hasPassword, ...props }: AccessProps) {
  const t = text.value.wizard;
  const { form, change } = props;
  const needsUrl = vendor?.needs_url ?? false;
  // People paste whole addresses; user and password in them belong into their own fields.
  const changeUrl = (changes: Partial<CameraForm>): void => {
    const typed = changes.mainUrl === undefined ? null : splitTypedUrl(changes.mainUrl);
    if (typed === null || typed.username === "") change(changes);
    else change({ mainUrl: typed.url, username: typed.username, password: typed.password });
  };
  return (
    <div class="form">
      <Field label={t.vendor}>
        {(ids) => (
          <select {...ids} name="vendor" value={form.vendor} onChange={(event) => change({ vendor: event.currentTarget.value })}>
            {vendors.map((each) => (
              <option key={each.key} value={each.key}>
                {each.label}
              </option>
            ))}
          </select>
        )}
      </Field>
      {needsUrl ? (
        <>
          <TextField {...props} change={changeUrl} name="mainUrl" label={t.mainUrl} hint={t.urlHint} placeholder="rtsp://192.168.1.100:554/…" wide />
          <TextField {...props} name="subUrl" label={t.subUrl} hint={text.value.common.optional} wide />
        </>
      ) : (
        <TextField {...props} name="host" label={t.host} hint={t.hostHint} autofocus={!hasPassword} />
      )}
      <TextField {...props} name="username" label={t.username} hint={needsUrl ? undefined : vendor?.user_hint || undefined} />
      <TextField {...props} name="password" label={t.password} type="password" hint={hasPassword ? t.keepPassword : undefined} />
      {!needsUrl && vendor?.has_channels !== false && (
        <TextField {...props} name="channel" label={t.channel} hint={t.channelHint} isNumber />
      )}
      {!needsUrl && (
        <details class="field wide">
          <summary>{t.ports}</summary>
          <div class="form ports">
            <TextField {...props} name="rtspPort" label={t.rtspPort} hint={portHint(vendor?.rtsp_port)} isNumber />
            <TextField {...props} name="httpPort" label={t.httpPort} hint={portHint(vendor?.http_port)} isNumber />
            <TextField {...props} name="onvifPort" label={t.onvifPort} hint={portHint(vendor?.onvif_port)} isNumber />
          </div>
        </details>
      )}
    </div>
  );
}

interface NameProps extends FormProps {
  tenants: readonly Tenant[];
  /** A new camera may choose its identifier; an old one keeps it. */
  isNew: boolean;
}

/** What people call it, where it stands, whose it is. */
export function NameFields({ tenants, isNew, ...props }: NameProps) {
  const t = text.value.wizard;
  const { form, change } = props;
  return (
    <div class="form">
      <TextField {...props} name="name" label={t.name} hint={t.nameHint} wide autofocus={isNew} />
      <TextField {...props} name="placeLabel" label={t.placeLabel} hint={text.value.common.optional} />
      {isNew && <TextField {...props} name="cameraId" label={t.cameraId} hint={t.cameraIdHint} />}
      {tenants.length > 1 && (
        <Field label={t.tenant}>
          {(ids) => (
            <select {...ids} name="tenantId" value={chosenTenant(form.tenantId, tenants)} onChange={(event) => change({ tenantId: event.currentTarget.value })}>
              {tenants.map((tenant) => (
                <option key={tenant.tenant_id} value={tenant.tenant_id}>
                  {tenantName(tenant.name)}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      <details class="field wide">
        <summary>
          {t.latitude}, {t.longitude.toLowerCase()}
        </summary>
        <div class="form ports">
          <TextField {...props} name="latitude" label={t.latitude} isNumber placeholder="-23,5505" />
          <TextField {...props} name="longitude" label={t.longitude} isNumber placeholder="-46,6333" />
          <TextField {...props} name="bearing" label={t.bearing} isNumber />
        </div>
      </details>
      <label class="check field wide">
        <input type="checkbox" checked={form.record} onChange={(event) => change({ record: event.currentTarget.checked })} />
        {t.record}
      </label>
      {!isNew && (
        <label class="check field wide">
          <input type="checkbox" checked={form.enabled} onChange={(event) => change({ enabled: event.currentTarget.checked })} />
          {t.enabled}
        </label>
      )}
    </div>
  );
}

function portHint(port: number | null | undefined): string | undefined {
  return port ? text.value.wizard.portHint(port) : undefined;
}
